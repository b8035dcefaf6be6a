#include "analysis/metrics/image_overlap_curve.hpp"

#include <algorithm>
#include <stdexcept>

#include "analysis/metrics/regions.hpp"

namespace harrow::analysis {

ImageOverlapCurve::ImageOverlapCurve(int thresholds) {
    if (thresholds < 2) {
        throw std::invalid_argument("AUC-PRO: two thresholds at least");
    }
    sums_.resize(static_cast<std::size_t>(thresholds));
}

/// How many of the thresholds 0, 1/(n-1), …, 1 lie below the score.
std::size_t ImageOverlapCurve::thresholds_below(float score) const {
    if (!(score > 0)) {
        return 0;
    }
    const std::size_t count = sums_.size();
    if (score > 1) {
        return count;
    }
    const auto last = static_cast<double>(count - 1);
    auto below = std::min(static_cast<std::size_t>(static_cast<double>(score) * last), count - 1);
    while (below < count && static_cast<double>(below) / last < score) {
        ++below;
    }
    while (below > 0 && !(static_cast<double>(below - 1) / last < score)) {
        --below;
    }
    return below;
}

void ImageOverlapCurve::add_image(const float* scores,
                                  const std::uint8_t* mask,
                                  int height,
                                  int width) {
    const Regions regions = find_regions(mask, height, width, Connectivity::Four);
    const auto pixels = static_cast<std::size_t>(height) * static_cast<std::size_t>(width);
    if (regions.areas.empty()) {
        return;
    }
    ++images_;
    std::vector<double> overlap(pixels, 0);  // what a defect pixel adds
    double defects = 0;
    for (const RegionRun& run : regions.runs) {
        defects += static_cast<double>(run.end - run.begin);
        std::fill(overlap.begin() + static_cast<std::ptrdiff_t>(run.begin),
                  overlap.begin() + static_cast<std::ptrdiff_t>(run.end),
                  1.0 / static_cast<double>(regions.areas[run.region]));
    }
    // [b]: of pixels above exactly b thresholds.
    std::vector<OverlapPoint> above(sums_.size() + 1);
    for (std::size_t i = 0; i < pixels; ++i) {
        OverlapPoint& place = above[thresholds_below(scores[i])];
        (mask[i] != 0 ? place.pro : place.fpr) += mask[i] != 0 ? overlap[i] : 1;
    }
    const double ok = static_cast<double>(pixels) - defects;
    OverlapPoint sum;
    for (std::size_t t = sums_.size(); t-- > 0;) {
        sum = {sum.fpr + above[t + 1].fpr, sum.pro + above[t + 1].pro};
        sums_[t].fpr += ok > 0 ? sum.fpr / ok : 0;
        sums_[t].pro += sum.pro / static_cast<double>(regions.areas.size());
    }
}

std::vector<OverlapPoint> ImageOverlapCurve::points() const {
    std::vector<OverlapPoint> points;
    const auto count = static_cast<double>(images_);
    for (auto sum = sums_.rbegin(); images_ > 0 && sum != sums_.rend(); ++sum) {
        points.push_back({sum->fpr / count, sum->pro / count});
    }
    return points;
}

std::optional<double> ImageOverlapCurve::area() const {
    if (images_ == 0) {
        return std::nullopt;
    }
    const std::vector<OverlapPoint> curve = points();
    double area = 0;
    for (std::size_t i = 1; i < curve.size(); ++i) {
        area += (curve[i].fpr - curve[i - 1].fpr) * (curve[i].pro + curve[i - 1].pro) / 2;
    }
    return area;
}

}  // namespace harrow::analysis
