#include "analysis/metrics/pixel_ranking.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "analysis/metrics/score_keys.hpp"

namespace harrow::analysis {

void PixelRanking::add_image(const float* scores,
                             const std::uint8_t* mask,
                             std::size_t pixels,
                             const Regions& regions) {
    ranking_.add(scores, mask, pixels);
    const auto first = static_cast<std::uint32_t>(areas_.size());
    areas_.insert(areas_.end(), regions.areas.begin(), regions.areas.end());
    for (const RegionRun& run : regions.runs) {
        for (std::size_t pixel = run.begin; pixel < run.end; ++pixel) {
            defects_.push_back({key_of(scores[pixel]), first + run.region});
        }
    }
}

PixelMetrics PixelRanking::metrics(const std::vector<double>& aupro_limits) {
    PixelMetrics metrics;
    metrics.curves = ranking_.metrics();
    metrics.aupro.resize(aupro_limits.size());
    const std::vector<std::uint32_t>& ok = ranking_.ranked_negatives();
    if (metrics.curves.non_finite > 0 || areas_.empty() || ok.empty()) {
        return metrics;
    }
    std::vector<RegionPixel> scratch;
    radix_sort(defects_, scratch, [](const RegionPixel& pixel) { return pixel.key; });
    for (std::size_t i = 0; i < aupro_limits.size(); ++i) {
        metrics.aupro[i] = aupro_of_ranked(ok, defects_, areas_, ok.size(), aupro_limits[i]);
    }
    return metrics;
}

}  // namespace harrow::analysis
