#include "cli/disk_catalog.hpp"

#include "storage/datasets/dataset.hpp"
#include "storage/datasets/digest_memory.hpp"
#include "sweeps/error.hpp"

namespace harrow::cli {
namespace {

sweeps::SplitFacts split_facts(const storage::Dataset& dataset,
                               const std::vector<storage::ImageEntry>& images,
                               storage::DigestMemory& memory) {
    return {static_cast<std::int64_t>(images.size()),
            storage::images_digest(dataset, images, nullptr, &memory)};
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
            facts.problems.emplace_back(error.what());
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

}  // namespace harrow::cli
