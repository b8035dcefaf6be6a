#include "cli/disk_catalog.hpp"

#include "storage/datasets/dataset.hpp"
#include "sweeps/error.hpp"

namespace harrow::cli {
namespace {

sweeps::SplitFacts split_facts(const storage::Dataset& dataset,
                               const std::vector<storage::ImageEntry>& images) {
    return {static_cast<std::int64_t>(images.size()), storage::images_digest(dataset, images)};
}

sweeps::DatasetFacts read_facts(const std::string& layout, const std::string& root) {
    storage::DatasetListing listing = storage::list_dataset(layout, root);
    sweeps::DatasetFacts facts;
    facts.problems = std::move(listing.problems);
    for (const storage::DatasetClass& cls : listing.dataset.classes) {
        try {
            facts.classes.push_back({cls.name,
                                     split_facts(listing.dataset, cls.train),
                                     split_facts(listing.dataset, cls.test),
                                     storage::labels_digest(listing.dataset, cls.test)});
        } catch (const sweeps::DataError& error) {
            facts.problems.emplace_back(error.what());
        }
    }
    return facts;
}

}  // namespace

const sweeps::DatasetFacts& DiskCatalog::describe(const std::string& layout,
                                                  const std::string& root) {
    const auto key = std::make_pair(layout, root);
    auto found = known_.find(key);
    if (found == known_.end()) {
        found = known_.emplace(key, read_facts(layout, root)).first;
    }
    return found->second;
}

}  // namespace harrow::cli
