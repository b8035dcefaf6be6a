#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "analysis/metrics.hpp"
#include "analysis/metrics/aupro.hpp"
#include "analysis/metrics/regions.hpp"

namespace harrow::analysis {

struct PixelMetrics {
    CurveMetrics curves;
    /// By limit asked for; absent without defect regions, without pixels outside of them, and when
    /// a score is NaN or infinite.
    std::vector<std::optional<double>> aupro;
};

/// Ranks one class's pixels once for all metrics on pixels, AU-PRO included: that is
/// AuproRanking's, to the last bit. Memory: 4 bytes per pixel, twice while ranking, and 12 more
/// per defect pixel.
class PixelRanking {
public:
    /// scores, mask [pixels], non-zero is defect; `regions` are those of the mask.
    void add_image(const float* scores,
                   const std::uint8_t* mask,
                   std::size_t pixels,
                   const Regions& regions);
    /// Throws std::invalid_argument unless every limit lies in (0, 1].
    PixelMetrics metrics(const std::vector<double>& aupro_limits);

private:
    ScoreRanking ranking_;
    std::vector<RegionPixel> defects_;
    std::vector<double> areas_;  ///< by region, over all images
};

}  // namespace harrow::analysis
