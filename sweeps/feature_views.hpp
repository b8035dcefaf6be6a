#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sweeps/input_catalog.hpp"
#include "sweeps/trial_config.hpp"

namespace harrow::sweeps {

/// What a training sees of one class: some of its images, in one way.
struct FeatureView {
    std::string name;    ///< as messages call it, one of those below
    std::string split;   ///< whose images: train, test, validation, val_synth, anomalies
    TrialConfig config;  ///< its stage `features` says how the backbone sees them
    std::string recipe;  ///< recipe_text of the split
};

// Names of views. Every method has train and test.
inline constexpr const char* kTrainView = "train";
inline constexpr const char* kTestView = "test";
inline constexpr const char* kValSynthView = "val_synth";
inline constexpr const char* kValidationView = "validation";
inline constexpr const char* kAnomaliesView = "anomalies";
// Of a method that scores images and, apart from that, patches or crops (model.maps).
inline constexpr const char* kTrainMapsView = "train.maps";
inline constexpr const char* kTestMapsView = "test.maps";
inline constexpr const char* kValSynthMapsView = "val_synth.maps";
inline constexpr const char* kValidationMapsView = "validation.maps";
inline constexpr const char* kAnomalyPatchesView = "anomalies.patches";  ///< confidence_weight > 0

/// The split of images that are made for training.
inline constexpr const char* kAnomaliesSplit = "anomalies";
/// Normal images that are neither trained on nor tested.
inline constexpr const char* kValidationSplit = "validation";

/// All views a training of this configuration needs of a class, in the order of feature keys.
/// `config`: of the class (config_of_class). Crop maps need train.maps only for images that are
/// held out: crops are measured against whole training images (AnomalyVFM B3).
std::vector<FeatureView> feature_views(const TrialConfig& config);

/// The view's images and what names them. `seed` is the trial's; only anomalies depend on it.
SplitFacts view_images(const FeatureView& view, const ClassFacts& facts, std::uint64_t seed);
bool depends_on_seed(const FeatureView& view);

}  // namespace harrow::sweeps
