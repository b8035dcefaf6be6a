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

/// `data.image_size` and `backbone.*` decide; throws UsageError for an unknown backbone and for
/// what backbone_problems finds.
BackboneGeometry backbone_geometry(const TrialConfig& config);
/// The same for an architecture that need not be in the table. `image_size`: side in pixels.
BackboneGeometry backbone_geometry(const BackboneArchitecture& architecture,
                                   const BackboneConfig& config,
                                   int image_size);

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

}  // namespace harrow::sweeps
