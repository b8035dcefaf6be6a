#pragma once

#include <cstdint>

#include "sweeps/trial_config.hpp"

namespace harrow::sweeps {

/// Patch grid and channels of one image's features, known without loading the backbone.
struct BackboneGeometry {
    std::int64_t height = 0;
    std::int64_t width = 0;
    std::int64_t channels = 0;
};

/// `data.image_size` and `backbone.*` decide; throws UsageError for an unknown backbone.
BackboneGeometry backbone_geometry(const TrialConfig& config);

/// Size of the cached features of `images` images, stored as backbone.feature_dtype says.
std::int64_t feature_bytes(const TrialConfig& config, std::int64_t images);

}  // namespace harrow::sweeps
