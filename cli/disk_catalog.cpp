#include "cli/disk_catalog.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "storage/datasets/dataset.hpp"
#include "storage/datasets/digest_memory.hpp"
#include "storage/weights/safetensors.hpp"
#include "storage/weights/weights_digest.hpp"
#include "storage/weights/weights_file.hpp"
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
    for (const auto* split : {&cls.train, &cls.test}) {
        for (const storage::ImageEntry& image : *split) {
            if (told(image.relative_path) || told(image.mask_path)) {
                return true;
            }
        }
    }
    return false;
}

sweeps::DatasetFacts read_facts(const std::string& layout,
                                const std::string& root,
                                const std::filesystem::path& cache) {
    std::error_code ignored;
    const std::filesystem::path memory_file =
        cache / "digests" / sweeps::hash_text(std::filesystem::absolute(root, ignored).string());
    storage::DigestMemory memory = storage::load_digest_memory(memory_file);
    storage::DatasetListing listing = storage::list_dataset(layout, root);
    sweeps::DatasetFacts facts;
    facts.problems = std::move(listing.problems);
    for (const storage::DatasetClass& cls : listing.dataset.classes) {
        try {
            facts.classes.push_back({cls.name,
                                     split_facts(listing.dataset, cls.train, memory),
                                     split_facts(listing.dataset, cls.test, memory),
                                     storage::labels_digest(listing.dataset, cls.test, &memory)});
        } catch (const sweeps::DataError& error) {
            if (!is_told(facts.problems, listing.dataset, cls, error.what())) {
                facts.problems.emplace_back(error.what());
            }
        }
    }
    storage::save_digest_memory(memory_file, memory);
    return facts;
}

}  // namespace

const sweeps::DatasetFacts& DiskCatalog::describe(const std::string& layout,
                                                  const std::string& root) {
    const auto key = std::make_pair(layout, root);
    auto found = known_.find(key);
    if (found == known_.end()) {
        found = known_.emplace(key, read_facts(layout, root, cache_)).first;
    }
    return found->second;
}

const DiskCatalog::WeightsFile& DiskCatalog::weights_file(const std::string& path) {
    const auto [found, is_new] = weights_files_.emplace(
        std::filesystem::absolute(path).lexically_normal().string(), WeightsFile());
    WeightsFile& file = found->second;
    if (!is_new) {
        return file;
    }
    std::error_code error;
    file.exists = std::filesystem::exists(path, error);
    try {
        if (!storage::is_torchscript_name(path)) {
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
        const WeightsFile& file = weights_file(path);
        sweeps::WeightsFacts& facts = found->second;
        facts = file.facts;
        if (!file.exists) {
            facts.problems = {"weights file '" + path + "' does not exist; correct the path, or " +
                              sweeps::weights_advice(backbone)};
        } else if (!storage::may_serve(file.architecture, backbone)) {
            facts.problems.push_back("weights file '" + path + "' holds " +
                                     file.architecture.backbone + ", but backbone.name is " +
                                     backbone + "; " + sweeps::weights_advice(backbone));
        }
    }
    return found->second;
}

}  // namespace harrow::cli
