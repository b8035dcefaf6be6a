#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "storage/datasets/synthetic_anomalies.hpp"
#include "sweeps/anomalies.hpp"
#include "tests/unit/datasets/picture_files.hpp"

/// Configurations of AnomalyVFM's versions, and all that is drawn of them.
namespace harrow::tests {

using storage::AnomalyPart;
using storage::draw_anomaly;
using storage::DrawnAnomaly;
using storage::Image;
using sweeps::SyntheticConfig;

constexpr int kSide = 518;
constexpr std::int64_t kNormals = 50;

/// AnomalyVFM 1.4 (B6).
inline SyntheticConfig version_1_4() {
    SyntheticConfig config;
    config.texture = {36};
    config.structural = {27};
    config.contextual = {27};
    config.texture_kinds = {"gaussian", "salt_pepper", "blur"};
    config.texture_patches = {2, 5};
    config.texture_side = {30, 100};
    config.noise = {20, 50};
    config.structural_kinds = {"circle", "rectangle", "line", "polygon"};
    config.circle_radius = {15, 80};
    config.rectangle_side = {40, 120};
    config.line_thickness = {3, 15};
    config.lines = {2, 5};
    config.contextual_side = {60, 140};
    config.blend = {0.6, 0.8};
    return config;
}

/// AnomalyVFM 1.3 (B5).
inline SyntheticConfig version_1_3() {
    SyntheticConfig config;
    config.resolutions = {128, 256, 512};
    config.texture = {8, 16, 20};
    config.structural = {20, 12, 8};
    config.contextual = {12, 12, 12};
    config.texture_side = {10, 30, 20, 60, 40, 120};
    config.noise = {25, 25, 30, 30, 35, 35};
    config.circle_radius = {8, 40};
    config.rectangle_side = {20, 80};
    config.line_thickness = {2, 10};
    config.shape_base = 512;
    config.contextual_side = config.texture_side;
    config.blend = {0.6, 0.8};
    return config;
}

/// Every anomaly of every resolution, of `seeds` seeds.
inline std::vector<DrawnAnomaly> draw_all(const SyntheticConfig& config,
                                          int seeds,
                                          std::int64_t normals = kNormals) {
    std::vector<DrawnAnomaly> drawn;
    const sweeps::AnomalyRows rows = sweeps::anomaly_rows(config, normals);
    for (int seed = 0; seed < seeds; ++seed) {
        for (std::size_t r = 0; r < rows.resolutions.size(); ++r) {
            for (std::int64_t i = 0; i < rows.resolutions[r].total(); ++i) {
                drawn.push_back(
                    draw_anomaly(config, r, i, kSide, normals, static_cast<std::uint64_t>(seed)));
            }
        }
    }
    return drawn;
}

/// Pixels of a picture of `side` that look alike nowhere, from 100 to 150.
inline Image picture(int side) {
    Image image = make_picture(side, side, 3);
    for (std::uint8_t& sample : image.pixels) {
        sample = static_cast<std::uint8_t>(100 + sample % 51);
    }
    return image;
}

}  // namespace harrow::tests
