#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace harrow::analysis {

enum class Connectivity { Four, Eight };

/// Neighbouring defect pixels of one row: offsets begin … end - 1 of a row-major mask.
struct RegionRun {
    std::size_t begin = 0, end = 0;
    std::uint32_t region = 0;  ///< index into Regions::areas
};

/// Connected components of a mask, numbered by their first pixel.
struct Regions {
    std::vector<RegionRun> runs;       ///< ascending
    std::vector<std::uint64_t> areas;  ///< in pixels
};

/// Non-zero pixels of mask [height, width] are defect. Throws std::invalid_argument for negative
/// sizes.
Regions find_regions(const std::uint8_t* mask, int height, int width, Connectivity connectivity);

}  // namespace harrow::analysis
