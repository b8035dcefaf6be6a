#include "cli/disk_catalog.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "storage/datasets/dataset.hpp"
#include "storage/datasets/digest_memory.hpp"
#include "storage/files.hpp"
#include "storage/weights/safetensors.hpp"
#include "storage/weights/weights_digest.hpp"
#include "storage/weights/weights_file.hpp"
#include "sweeps/backbones.hpp"
#include "sweeps/error.hpp"
#include "sweeps/public_weights.hpp"

namespace harrow::cli {
namespace {

sweeps::SplitFacts split_facts(const storage::Dataset& dataset,
                               const std::vector<storage::ImageEntry>& images,
                               storage::DigestMemory& memory) {
    return {static_cast<std::int64_t>(images.size()),
            storage::images_digest(dataset, images, nullptr, &memory)};
}

/// Whether a problem is told already of the file of the class that `text` names: a file that cannot
/// be read is found when it is listed and once more when it is digested.
bool is_told(const std::vector<std::string>& problems,
             const storage::Dataset& dataset,
             const storage::DatasetClass& cls,
             const std::string& text) {
    const auto told = [&](const std::string& relative_path) {
        const std::string path = (dataset.root / relative_path).string() + " ";
        return !relative_path.empty() && text.find(path) != std::string::npos &&
               std::any_of(problems.begin(), problems.end(), [&path](const std::string& problem) {
                   return problem.find(path) != std::string::npos;
               });
    };
    for (const auto* split : {&cls.train, &cls.test, &cls.validation}) {
        for (const storage::ImageEntry& image : *split) {
            if (told(image.relative_path) || told(image.mask_path)) {
                return true;
            }
        }
    }
    return false;
}

sweeps::ClassFacts class_facts(const storage::Dataset& dataset,
                               const storage::DatasetClass& cls,
                               storage::DigestMemory& memory) {
    return {cls.name,
            split_facts(dataset, cls.train, memory),
            split_facts(dataset, cls.test, memory),
            storage::labels_digest(dataset, cls.test, &memory),
            cls.validation.empty() ? sweeps::SplitFacts()
                                   : split_facts(dataset, cls.validation, memory)};
}

/// Names of the classes that `listing` lacks, if it lacks one of `wanted`.
std::vector<std::string> other_classes(const storage::DatasetListing& listing,
                                       const std::string& root,
                                       const std::vector<std::string>& wanted) {
    const std::vector<storage::DatasetClass>& listed = listing.dataset.classes;
    if (listed.size() == wanted.size() || wanted.empty()) {
        return {};
    }
    std::vector<std::string> names;
    for (const storage::DatasetClass& cls :
         storage::list_dataset(listing.dataset.layout, root, {}, storage::Headers::Skip)
             .dataset.classes) {
        if (!std::binary_search(wanted.begin(), wanted.end(), cls.name)) {
            names.push_back(cls.name);
        }
    }
    return names;
}

/// Tensors by which a backbone's file is recognised.
std::string expected_tensors(sweeps::BackboneFamily family) {
    switch (family) {
        case sweeps::BackboneFamily::ResNet:
            return "conv1.weight and layer1.0.conv1.weight";
        case sweeps::BackboneFamily::VisionTransformer:
            return "patch_embed.proj.weight and pos_embed";
        default:
            return "patch_embed.proj.weight and pos_embed, or "
                   "embeddings.patch_embeddings.projection.weight and "
                   "embeddings.position_embeddings";
    }
}

/// "holds …": why a safetensors file of this architecture serves another backbone or none.
std::string mismatch_text(const storage::WeightsArchitecture& held,
                          const sweeps::BackboneArchitecture& backbone) {
    if (held.family.empty()) {
        return "holds no network that Harrow knows, but backbone.name is " + backbone.name +
               ": tensors called " + expected_tensors(backbone.family) + " were expected";
    }
    return "holds " +
           (held.backbone.empty() ? "another network (" + storage::architecture_text(held) + ")"
                                  : held.backbone) +
           ", but backbone.name is " + backbone.name;
}

}  // namespace

sweeps::DatasetFacts DiskCatalog::read_facts(const DatasetPlace& place, const ClassNames& wanted) {
    const auto& [layout, root] = place;
    std::error_code ignored;
    const std::filesystem::path memory_file =
        cache_ / "digests" / sweeps::hash_text(std::filesystem::absolute(root, ignored).string());
    storage::DigestMemory memory = storage::load_digest_memory(memory_file);
    storage::DatasetListing listing = storage::list_dataset(layout, root, wanted);
    KnownClasses& digested = digested_[place];
    const bool is_partial = !wanted.empty() || !digested.empty();
    sweeps::DatasetFacts facts;
    facts.other_classes = other_classes(listing, root, wanted);
    facts.problems = std::move(listing.problems);
    for (const storage::DatasetClass& cls : listing.dataset.classes) {
        try {
            if (digested.count(cls.name) == 0) {
                digested.emplace(cls.name, class_facts(listing.dataset, cls, memory));
            }
            facts.classes.push_back(digested.at(cls.name));
        } catch (const sweeps::DataError& error) {
            if (!is_told(facts.problems, listing.dataset, cls, error.what())) {
                facts.problems.emplace_back(error.what());
            }
        }
    }
    if (is_partial) {
        memory.keep_all();
    }
    storage::save_digest_memory(memory_file, memory);
    return facts;
}

const sweeps::DatasetFacts& DiskCatalog::describe(const std::string& layout,
                                                  const std::string& root,
                                                  const std::vector<std::string>& classes) {
    ClassNames wanted = classes;
    std::sort(wanted.begin(), wanted.end());
    wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
    const DatasetPlace place(layout, root);
    auto key = std::make_pair(place, wanted);
    auto found = known_.find(key);
    if (found == known_.end()) {
        found = known_.emplace(std::move(key), read_facts(place, wanted)).first;
    }
    return found->second;
}

const DiskCatalog::WeightsFile& DiskCatalog::weights_file(const std::string& path, Format format) {
    const auto [found, is_new] = weights_files_.emplace(
        std::make_pair(std::filesystem::absolute(path).lexically_normal().string(), format),
        WeightsFile());
    WeightsFile& file = found->second;
    if (!is_new) {
        return file;
    }
    file.exists = storage::look_at_file(path).presence != storage::FileLook::Presence::Absent;
    try {
        if (format == Format::TorchScript) {
            storage::require_torchscript(path);
        } else {
            file.architecture =
                storage::guess_architecture(storage::SafetensorsFile::open(path).tensors());
        }
        file.facts.digest = storage::weights_digest(path);
        if (const auto* known = sweeps::public_weights_by_digest(file.facts.digest)) {
            file.facts.public_name = known->tag;
        }
    } catch (const sweeps::DataError& refused) {
        file.facts.problems.emplace_back(refused.what());
    }
    return file;
}

const sweeps::WeightsFacts& DiskCatalog::weights(const std::string& backbone,
                                                 const std::string& path) {
    const auto [found, is_new] =
        weights_.emplace(std::make_pair(backbone, path), sweeps::WeightsFacts());
    if (is_new) {
        const sweeps::BackboneArchitecture* known = sweeps::find_backbone(backbone);
        const bool is_program =
            known != nullptr && known->family == sweeps::BackboneFamily::TorchScript;
        const WeightsFile& file =
            weights_file(path, is_program ? Format::TorchScript : Format::Safetensors);
        sweeps::WeightsFacts& facts = found->second;
        facts = file.facts;
        const std::string subject = "weights file '" + path + "' ";
        if (!file.exists) {
            facts.problems = {subject + "does not exist; correct the path, or " +
                              sweeps::weights_advice(backbone)};
        } else if (facts.problems.empty() && !is_program && known != nullptr &&
                   !storage::may_serve(file.architecture, backbone)) {
            facts.problems.push_back(subject + mismatch_text(file.architecture, *known) + "; " +
                                     sweeps::weights_advice(backbone));
        }
    }
    return found->second;
}

}  // namespace harrow::cli
