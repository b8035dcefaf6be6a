#include "analysis/gallery_choice.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>

namespace harrow::analysis {
namespace {

constexpr double kLowest = 0.01, kHighest = 0.999;

std::vector<double> sorted_scores(const std::vector<ScoredImage>& images, bool defective) {
    std::vector<double> scores;
    for (const ScoredImage& image : images) {
        if (image.is_defective == defective && std::isfinite(image.score)) {
            scores.push_back(image.score);
        }
    }
    std::sort(scores.begin(), scores.end());
    return scores;
}

/// Indices of the images of one class that may be shown, in the order in which they are.
std::vector<std::size_t> ordered(const std::vector<ScoredImage>& images, GalleryKind kind) {
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < images.size(); ++i) {
        if (kind != GalleryKind::Misrouted || images[i].expert != images[i].task) {
            order.push_back(i);
        }
    }
    // Smaller is earlier.
    const auto rank = [&](std::size_t i) {
        const ScoredImage& image = images[i];
        const int kind_rank = image.is_defective ? 0 : 1;
        const double clear =
            std::isfinite(image.score) ? (image.is_defective ? -image.score : image.score) : 0;
        return kind == GalleryKind::Best ? std::make_tuple(image.mistake, kind_rank, clear)
                                         : std::make_tuple(-image.mistake, kind_rank, 0.0);
    };
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return rank(a) < rank(b);
    });
    return order;
}

}  // namespace

void rate_mistakes(std::vector<ScoredImage>& images) {
    const std::vector<double> good = sorted_scores(images, false);
    const std::vector<double> defective = sorted_scores(images, true);
    for (ScoredImage& image : images) {
        const std::vector<double>& others = image.is_defective ? good : defective;
        const auto worse =
            image.is_defective
                ? others.end() - std::upper_bound(others.begin(), others.end(), image.score)
                : std::lower_bound(others.begin(), others.end(), image.score) - others.begin();
        image.mistake = others.empty() || !std::isfinite(image.score)
                            ? 0
                            : static_cast<double>(worse) / static_cast<double>(others.size());
    }
}

std::vector<ChosenImage> choose_images(const std::vector<ScoredClass>& classes,
                                       GalleryKind kind,
                                       std::size_t count) {
    std::vector<std::vector<std::size_t>> orders;
    std::size_t longest = 0;
    for (const ScoredClass& one : classes) {
        orders.push_back(ordered(one.images, kind));
        longest = std::max(longest, orders.back().size());
    }
    std::vector<ChosenImage> chosen;
    for (std::size_t turn = 0; turn < longest; ++turn) {
        for (std::size_t c = 0; c < orders.size() && chosen.size() < count; ++c) {
            if (turn < orders[c].size()) {
                chosen.push_back({c, orders[c][turn]});
            }
        }
    }
    return chosen;
}

ValueRange robust_range(std::vector<float> scores) {
    scores.erase(
        std::remove_if(
            scores.begin(), scores.end(), [](float score) { return !std::isfinite(score); }),
        scores.end());
    if (scores.empty()) {
        return {};
    }
    const auto at = [&](double share) {
        const auto rank =
            static_cast<std::ptrdiff_t>(std::ceil(share * static_cast<double>(scores.size())) - 1);
        const auto place = scores.begin() + std::max<std::ptrdiff_t>(rank, 0);
        std::nth_element(scores.begin(), place, scores.end());
        return *place;
    };
    const float low = at(kLowest);
    return {low, at(kHighest)};
}

}  // namespace harrow::analysis
