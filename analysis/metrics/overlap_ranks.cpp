#include "analysis/metrics/overlap_ranks.hpp"

#include <algorithm>
#include <iterator>

#include "analysis/metrics/score_keys.hpp"

namespace harrow::analysis {

void OverlapRanks::add_image(const float* scores, const std::uint8_t* mask, int height, int width) {
    const Regions regions = find_regions(mask, height, width, connectivity_);
    const auto first = static_cast<std::uint32_t>(areas_.size());
    areas_.insert(areas_.end(), regions.areas.begin(), regions.areas.end());
    std::size_t position = 0;
    for (const RegionRun& run : regions.runs) {
        std::transform(scores + position, scores + run.begin, std::back_inserter(ok_), key_of);
        for (position = run.begin; position < run.end; ++position) {
            defects_.push_back({key_of(scores[position]), first + run.region});
        }
    }
    const std::size_t pixels = static_cast<std::size_t>(height) * static_cast<std::size_t>(width);
    std::transform(scores + position, scores + pixels, std::back_inserter(ok_), key_of);
}

void OverlapRanks::rank() {
    {
        std::vector<std::uint32_t> scratch;
        radix_sort(ok_, scratch, [](std::uint32_t key) { return key; });
    }
    {
        std::vector<DefectPixel> scratch;
        radix_sort(defects_, scratch, [](const DefectPixel& pixel) { return pixel.key; });
    }
    found_.assign(1, 0.0);
    found_.reserve(defects_.size() + 1);
    long double sum = 0;
    for (auto pixel = defects_.rbegin(); pixel != defects_.rend(); ++pixel) {
        sum += 1 / static_cast<long double>(areas_[pixel->region]);
        found_.push_back(static_cast<double>(sum));
    }
}

float OverlapRanks::ok_score(std::size_t rank) const {
    return score_of(ok_[rank]);
}

float OverlapRanks::score(std::size_t rank) const {
    // As many OK scores as are among the `rank` lowest: the first split that fits.
    std::size_t low = rank > defects_.size() ? rank - defects_.size() : 0;
    std::size_t high = std::min(rank, ok_.size());
    while (low < high) {
        const std::size_t ok = (low + high) / 2;
        const std::size_t defects = rank - ok;
        if (defects > 0 && ok < ok_.size() && ok_[ok] < defects_[defects - 1].key) {
            low = ok + 1;
        } else {
            high = ok;
        }
    }
    const std::size_t defects = rank - low;
    const bool ok_is_next =
        defects >= defects_.size() || (low < ok_.size() && ok_[low] <= defects_[defects].key);
    return score_of(ok_is_next ? ok_[low] : defects_[defects].key);
}

OverlapPoint OverlapRanks::point(std::size_t ok_below, std::size_t defects_below) const {
    return {static_cast<double>(ok_.size() - ok_below) / static_cast<double>(ok_.size()),
            found_[defects_.size() - defects_below] / static_cast<double>(areas_.size())};
}

OverlapPoint OverlapRanks::above(double threshold) const {
    const auto ok = std::partition_point(
        ok_.begin(), ok_.end(), [&](std::uint32_t key) { return score_of(key) <= threshold; });
    const auto defect =
        std::partition_point(defects_.begin(), defects_.end(), [&](const DefectPixel& pixel) {
            return score_of(pixel.key) <= threshold;
        });
    return point(static_cast<std::size_t>(ok - ok_.begin()),
                 static_cast<std::size_t>(defect - defects_.begin()));
}

OverlapPoint OverlapRanks::from(double threshold) const {
    const auto ok = std::partition_point(
        ok_.begin(), ok_.end(), [&](std::uint32_t key) { return score_of(key) < threshold; });
    const auto defect =
        std::partition_point(defects_.begin(), defects_.end(), [&](const DefectPixel& pixel) {
            return score_of(pixel.key) < threshold;
        });
    return point(static_cast<std::size_t>(ok - ok_.begin()),
                 static_cast<std::size_t>(defect - defects_.begin()));
}

}  // namespace harrow::analysis
