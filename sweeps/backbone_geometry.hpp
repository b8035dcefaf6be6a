#pragma once

#include <cstdint>

#include "sweeps/backbones.hpp"
#include "sweeps/trial_config.hpp"

namespace harrow::sweeps {

/// Patch grid and channels of one image's features, known without loading the backbone.
struct BackboneGeometry {
    std::int64_t height = 0;
    std::int64_t width = 0;
    std::int64_t channels = 0;
};

/// Of a row of features: what `data.image_size`, `data.scales`, `data.crop_size` and `backbone.*`
/// make of an image. Throws UsageError for an unknown backbone and for what feature_problems finds.
BackboneGeometry backbone_geometry(const TrialConfig& config);
/// Of what one call of the backbone gives, for an architecture that need not be in the table.
/// `image_size`: side in pixels. Throws UsageError for what backbone_problems finds.
BackboneGeometry backbone_geometry(const BackboneArchitecture& architecture,
                                   const BackboneConfig& config,
                                   int image_size);

/// What becomes of one image's features when it is seen at several scales, [1, scales, D], or cut
/// into crops, [S/crop, S/crop, D]; what crops leave over at the right and at the bottom is left
/// out. `one`: of an image seen as it is.
BackboneGeometry row_geometry(const BackboneGeometry& one, const DataConfig& data);

/// True for one view of an image, of the whole of it: neither scales nor crops.
bool sees_image_once(const DataConfig& data);
/// How many pictures the backbone sees of one image.
std::int64_t pictures_per_image(const DataConfig& data);

/// Size of the cached features of `images` images, stored as backbone.feature_dtype says.
std::int64_t feature_bytes(const TrialConfig& config, std::int64_t images);

/// What a backbone's configuration and the size of its images forbid each other.
struct BackboneProblem {
    std::string parameter;  ///< dotted name
    std::string message;    ///< what is wrong, what was expected
};
std::vector<BackboneProblem> backbone_problems(const BackboneArchitecture& architecture,
                                               const BackboneConfig& config,
                                               int image_size);
/// The same for all that decides a view's features, `data.scales` and `data.crop_size` too; nothing
/// for an unknown backbone.
std::vector<BackboneProblem> feature_problems(const TrialConfig& config);

}  // namespace harrow::sweeps
