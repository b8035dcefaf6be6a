#include "worker/class_images.hpp"

#include "sweeps/error.hpp"
#include "sweeps/feature_views.hpp"

namespace harrow::worker {

const std::vector<storage::ImageEntry>& split_images(const storage::Dataset& dataset,
                                                     const std::string& class_name,
                                                     const std::string& split) {
    for (const storage::DatasetClass& entry : dataset.classes) {
        const auto& images = split == "test"                     ? entry.test
                             : split == sweeps::kValidationSplit ? entry.validation
                                                                 : entry.train;
        if (entry.name == class_name && !images.empty()) {
            return images;
        }
    }
    throw sweeps::DataError("no " + split + " images of class '" + class_name + "' under " +
                            dataset.root.string() +
                            "; they were there when the sweep was validated, put them back");
}

}  // namespace harrow::worker
