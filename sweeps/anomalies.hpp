#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sweeps/hashing.hpp"
#include "sweeps/trial_config.hpp"

/// Images that are made from training images: which, how many, and what names them.
namespace harrow::sweeps {

/// Side of the square that an image is loaded as, on which anomalies are made.
int load_side(const DataConfig& config);

/// Anomalies of one resolution, in this order.
struct AnomalyCounts {
    int resolution = 0;  ///< side in pixels; 0: as the image is loaded
    std::int64_t texture = 0;
    std::int64_t structural = 0;
    std::int64_t contextual = 0;
    std::int64_t total() const { return texture + structural + contextual; }
};

/// Rows of the view `anomalies` of a class (AnomalyVFM B3 to B6): with train_pixels wrapped_compat
/// first the normal images as training sees them, then the anomalies by resolution.
struct AnomalyRows {
    std::int64_t normals = 0;        ///< of these many first training images the anomalies are made
    std::int64_t normals_first = 0;  ///< rows of the normal images: `normals`, or 0
    std::vector<AnomalyCounts> resolutions;
    std::int64_t total() const;
};

/// `train_images`: those of the class that are trained on, without held-out ones.
AnomalyRows anomaly_rows(const SyntheticConfig& config, std::int64_t train_images);

/// What seeds the anomalies of a trial.
std::uint64_t anomaly_seed(const SyntheticConfig& config, std::uint64_t trial_seed);
/// What each anomaly of a class is drawn from: classes share nothing. `seed`: as anomaly_seed gives
/// it.
std::uint64_t class_anomaly_seed(std::uint64_t seed, std::string_view class_name);

/// How images of a split that is made (`anomalies`, `val_synth`) follow from the training images:
/// lines name=value of what counts, sorted; for anomalies also the method, by which the rest
/// counts. Empty for other splits.
std::string recipe_text(const TrialConfig& config, std::string_view split);
/// Sets what recipe_text wrote. Throws UsageError for a text that is none.
void apply_recipe(std::string_view recipe, TrialConfig& config);

/// What a feature key of the anomalies is made of in place of the images' digest. `train_digest`:
/// of all training images of the class; `recipe`: recipe_text of the split `anomalies`; `seed` as
/// class_anomaly_seed gives it.
Digest anomalies_digest(const Digest& train_digest, std::string_view recipe, std::uint64_t seed);

}  // namespace harrow::sweeps
