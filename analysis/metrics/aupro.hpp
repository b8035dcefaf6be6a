#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "analysis/metrics/regions.hpp"

namespace harrow::analysis {

struct Aupro {
    std::optional<double> value;  ///< in [0, 1]
    std::string note;             ///< why it is absent
    std::uint64_t regions = 0, ok_pixels = 0, non_finite = 0;
};

/// A defect pixel: its score as a key (score_keys.hpp) and the region it belongs to.
struct RegionPixel {
    std::uint32_t key = 0, region = 0;
};

/// AU-PRO of what is ranked already. `ok_keys`, of pixels outside of regions, and `defects` ascend;
/// both hold at least all that is not below the score at which the rate reaches the limit.
/// `areas`: of every region, in pixels; `ok_pixels`: how many there are in all. Neither is empty.
/// Throws std::invalid_argument unless 0 < limit <= 1.
double aupro_of_ranked(const std::vector<std::uint32_t>& ok_keys,
                       const std::vector<RegionPixel>& defects,
                       const std::vector<double>& areas,
                       std::size_t ok_pixels,
                       double limit);

/// Area under the per-region overlap curve as MVTec AD's evaluation code defines it (Bergmann et
/// al., IJCV 2021), exactly. Every distinct score is a threshold, equal scores are one point; PRO
/// is the mean over connected defect regions of all images of the share found, FPR counts all
/// pixels outside of regions; trapezoids from (0, 0) over FPR in [0, limit], interpolated at the
/// limit, divided by it. One class's images belong together. Memory: 4 bytes per pixel, 8 per
/// defect pixel; while ranking, 8 more for each pixel at or above the score of the limit.
class AuproRanking {
public:
    explicit AuproRanking(Connectivity connectivity = Connectivity::Eight)
        : connectivity_(connectivity) {}

    /// Room for that many pixels, so that memory does not grow in leaps.
    void reserve(std::size_t pixels) { ok_keys_.reserve(pixels); }
    /// scores, mask [height, width], row-major; larger scores are more anomalous, non-zero is
    /// defect. Throws std::invalid_argument for negative sizes.
    void add_image(const float* scores, const std::uint8_t* mask, int height, int width);
    /// Absent without regions, without pixels outside of them, and when a score is NaN or infinite.
    /// Throws std::invalid_argument unless 0 < limit <= 1.
    Aupro aupro(double limit) const;

private:
    void add_ok_pixels(const float* begin, const float* end);
    std::vector<RegionPixel> defects_from(std::uint32_t lowest) const;
    std::vector<std::uint32_t> ok_from(std::uint32_t lowest) const;

    Connectivity connectivity_;
    std::vector<std::uint32_t> ok_keys_;
    std::vector<RegionPixel> defects_;
    std::vector<double> areas_;  ///< by region, over all images
    std::uint64_t non_finite_ = 0;
};

}  // namespace harrow::analysis
