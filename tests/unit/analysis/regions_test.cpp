#include "analysis/metrics/regions.hpp"

#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <vector>

#include <gtest/gtest.h>

#include "sweeps/random.hpp"
#include "tests/unit/analysis/slow_regions.hpp"

namespace harrow::analysis {
namespace {

// Region of every pixel from 1 on, as flood_regions gives it.
std::vector<int> painted(const Regions& regions, std::size_t pixels) {
    std::vector<int> result(pixels, 0);
    for (const RegionRun& run : regions.runs) {
        std::fill(result.begin() + static_cast<std::ptrdiff_t>(run.begin),
                  result.begin() + static_cast<std::ptrdiff_t>(run.end),
                  static_cast<int>(run.region) + 1);
    }
    return result;
}

TEST(RegionsTest, AgreeWithFloodFill) {
    sweeps::RandomStream random(2);
    for (int round = 0; round < 400; ++round) {
        const int height = 1 + static_cast<int>(random.below(24));
        const int width = 1 + static_cast<int>(random.below(24));
        const double density = random.uniform();
        std::vector<std::uint8_t> mask(static_cast<std::size_t>(height * width));
        for (std::uint8_t& pixel : mask) {
            pixel =
                random.uniform() < density ? static_cast<std::uint8_t>(1 + random.below(255)) : 0;
        }
        for (const bool corners : {false, true}) {
            const Regions regions = find_regions(
                mask.data(), height, width, corners ? Connectivity::Eight : Connectivity::Four);
            const std::vector<int> slow = flood_regions(mask, height, width, corners);
            ASSERT_EQ(painted(regions, mask.size()), slow) << height << " x " << width;
            for (std::size_t k = 0; k < regions.areas.size(); ++k) {
                ASSERT_EQ(regions.areas[k],
                          static_cast<std::uint64_t>(
                              std::count(slow.begin(), slow.end(), static_cast<int>(k) + 1)));
            }
        }
    }
}

TEST(RegionsTest, RowsDoNotTouchAcrossTheEdge) {
    // The last pixel of a row and the first of the next are neighbours in memory only.
    const std::vector<std::uint8_t> mask{0, 0, 1, 1, 0, 0};
    EXPECT_EQ(find_regions(mask.data(), 2, 3, Connectivity::Eight).areas.size(), 2U);
}

TEST(RegionsTest, CornersCountAsAsked) {
    const std::vector<std::uint8_t> scratch{1, 0, 0, 0, 9, 0, 0, 0, 1};
    EXPECT_EQ(find_regions(scratch.data(), 3, 3, Connectivity::Eight).areas,
              std::vector<std::uint64_t>{3});
    EXPECT_EQ(find_regions(scratch.data(), 3, 3, Connectivity::Four).areas.size(), 3U);
    EXPECT_TRUE(find_regions(nullptr, 0, 0, Connectivity::Four).runs.empty());
    EXPECT_THROW(find_regions(scratch.data(), -1, 3, Connectivity::Four), std::invalid_argument);
}

}  // namespace
}  // namespace harrow::analysis
