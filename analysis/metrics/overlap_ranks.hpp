#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "analysis/metrics/regions.hpp"

namespace harrow::analysis {

/// A point of a per-region overlap curve.
struct OverlapPoint {
    double fpr = 0;  ///< share of the pixels outside of regions
    double pro = 0;  ///< mean over regions of the share found
};

/// Pixels of one class, ranked so that any threshold can be asked for. Memory: 4 bytes per pixel, 8
/// and once more 8 per defect pixel; twice that while ranking.
class OverlapRanks {
public:
    explicit OverlapRanks(Connectivity connectivity) : connectivity_(connectivity) {}

    /// As AuproRanking::add_image, of finite scores.
    void add_image(const float* scores, const std::uint8_t* mask, int height, int width);
    void reserve(std::size_t pixels) { ok_.reserve(pixels); }
    /// To be called once, behind the last image and before what follows.
    void rank();

    std::size_t num_regions() const noexcept { return areas_.size(); }
    std::size_t num_ok() const noexcept { return ok_.size(); }
    std::size_t num_pixels() const noexcept { return ok_.size() + defects_.size(); }
    /// Scores in ascending order: of pixels outside of regions, and of all.
    float ok_score(std::size_t rank) const;
    float score(std::size_t rank) const;

    /// Pixels with a score > threshold predicted as defects. Wants a region and an OK pixel.
    OverlapPoint above(double threshold) const;
    /// Those with a score >= threshold.
    OverlapPoint from(double threshold) const;
    /// One point per distinct score, from the highest on.
    template <typename Visit>
    void visit_points(Visit&& visit) const;

private:
    struct DefectPixel {
        std::uint32_t key = 0, region = 0;
    };

    OverlapPoint point(std::size_t ok_below, std::size_t defects_below) const;

    Connectivity connectivity_;
    std::vector<std::uint32_t> ok_;  ///< keys, see score_keys.hpp
    std::vector<DefectPixel> defects_;
    std::vector<double> areas_;
    std::vector<double> found_;  ///< [d]: overlaps of the d highest defect pixels, summed
};

template <typename Visit>
void OverlapRanks::visit_points(Visit&& visit) const {
    std::size_t ok = ok_.size(), defects = defects_.size();
    while (ok > 0 || defects > 0) {
        const std::uint32_t key =
            ok > 0 && (defects == 0 || ok_[ok - 1] > defects_[defects - 1].key)
                ? ok_[ok - 1]
                : defects_[defects - 1].key;
        while (ok > 0 && ok_[ok - 1] == key) {
            --ok;
        }
        while (defects > 0 && defects_[defects - 1].key == key) {
            --defects;
        }
        visit(point(ok, defects));
    }
}

}  // namespace harrow::analysis
