#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "storage/datasets/image.hpp"

namespace harrow::analysis {

/// Score shown as the darkest and as the brightest colour; values outside are clamped.
struct ValueRange {
    float low = 0, high = 1;
};

/// Smallest range that holds all finite values; {0, 1} when there is none.
ValueRange value_range(const std::vector<float>& map);

/// Perceptually ordered colour of t in [0, 1]: dark blue, purple, orange, light yellow.
std::array<std::uint8_t, 3> heat_colour(float t);

struct HeatMap {
    std::vector<float> values;
    ValueRange range;
};

/// image | image with the mask's area tinted and outlined | the heat maps, parted by white lines.
/// rgb [size, size, 3], mask and maps [size * size]; throws std::invalid_argument otherwise.
storage::Image make_strip(const storage::Image& rgb,
                          const std::vector<std::uint8_t>& mask,
                          const std::vector<HeatMap>& maps);

/// Strips of equal width below each other, parted by white lines. Throws std::invalid_argument when
/// there is none or widths differ.
storage::Image stack_strips(const std::vector<storage::Image>& strips);

}  // namespace harrow::analysis
