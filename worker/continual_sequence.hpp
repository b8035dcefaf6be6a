#pragma once

#include <map>
#include <string>
#include <vector>

#include "sweeps/feature_views.hpp"
#include "worker/extraction.hpp"

namespace harrow::worker {

struct SequenceClass {
    std::string name;
    /// By name: those of sweeps::feature_views. With validation.holdout some images of `train` are
    /// not trained on and scored like test images.
    std::map<std::string, FeatureRequest> views;
    std::vector<std::string> test_paths;  ///< of the test images, relative to the data's root

    const FeatureRequest& train() const { return views.at(sweeps::kTrainView); }
    const FeatureRequest& test() const { return views.at(sweeps::kTestView); }
};

struct SequenceTask {
    std::vector<SequenceClass> classes;  ///< arrive together, in this order
    int epochs = 0;                      ///< for progress
};

struct ContinualSequence {
    std::vector<SequenceTask> tasks;  ///< not empty
};

}  // namespace harrow::worker
