#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "analysis/metrics/overlap_ranks.hpp"

namespace harrow::analysis {

/// What AnomalyVFM calls AUC-PRO (B3), which is no AU-PRO: thresholds at equal steps from 0 to 1, a
/// pixel is predicted where its score is larger (>), regions touch at their sides. Per image the
/// share of its other pixels that is predicted and the mean over its regions of the share found;
/// both averaged over the images that have a region, and the area under all of that curve, without
/// a limit. Scores outside of [0, 1] are beyond every threshold; images without a defect do not
/// count.
class ImageOverlapCurve {
public:
    /// Throws std::invalid_argument for fewer than two thresholds.
    explicit ImageOverlapCurve(int thresholds);

    /// scores, mask [height, width], row-major; scores are finite, non-zero is defect.
    void add_image(const float* scores, const std::uint8_t* mask, int height, int width);
    /// Of those added, how many have a region.
    std::size_t images() const noexcept { return images_; }
    /// Means over those images, one point per threshold, from the highest threshold down: rates and
    /// overlaps ascend. Empty without such an image.
    std::vector<OverlapPoint> points() const;
    /// Of the trapezoids between them, in this order. The reference sorts by rate alone, and which
    /// of several points of equal rate is the last is up to its sort: on few images its area may
    /// differ in the third digit. Absent without such an image.
    std::optional<double> area() const;

private:
    std::size_t thresholds_below(float score) const;

    std::vector<OverlapPoint> sums_;  ///< over images, by threshold, lowest first
    std::size_t images_ = 0;
};

}  // namespace harrow::analysis
