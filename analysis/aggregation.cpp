#include "analysis/aggregation.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <limits>
#include <stdexcept>
#include <utility>

#include "sweeps/error.hpp"

namespace harrow::analysis {
namespace {

// Reorders `values`. count in [1, values.size()].
double mean_of_largest(std::vector<float>& values, std::size_t count) {
    const auto end = values.begin() + static_cast<std::ptrdiff_t>(count);
    std::partial_sort(values.begin(), end, values.end(), std::greater<>());
    double sum = 0;
    for (auto value = values.begin(); value != end; ++value) {
        sum += *value;
    }
    return sum / static_cast<double>(count);
}

// k = max(1, floor(HW ratio)), at most HW.
std::size_t share_of(std::size_t patches, double ratio) {
    const double share = std::floor(static_cast<double>(patches) * ratio);
    return std::clamp<std::size_t>(static_cast<std::size_t>(std::max(share, 1.0)), 1, patches);
}

int masked_neighbours(const std::vector<bool>& mask, int height, int width, int y, int x) {
    int count = 0;
    for (int ny = std::max(y - 1, 0); ny <= std::min(y + 1, height - 1); ++ny) {
        for (int nx = std::max(x - 1, 0); nx <= std::min(x + 1, width - 1); ++nx) {
            count +=
                (ny != y || nx != x) && mask[static_cast<std::size_t>(ny) * width + nx] ? 1 : 0;
        }
    }
    return count;
}

// High scores with high neighbours weigh up to twice as much.
double spatial_cluster(std::vector<float> scores,
                       int height,
                       int width,
                       const sweeps::ScoreConfig& config) {
    std::vector<float> work = scores;
    const float threshold = linear_quantile(work, config.cluster_high_score_percentile);
    std::vector<bool> mask(scores.size());
    std::transform(scores.begin(), scores.end(), mask.begin(), [threshold](float score) {
        return score > threshold;
    });
    for (int y = 0; y < height; ++y) {
        for (int x = 0; x < width; ++x) {
            const std::size_t i = static_cast<std::size_t>(y) * width + x;
            if (mask[i]) {
                const int near = masked_neighbours(mask, height, width, y, x);
                work[i] = scores[i] * (1.0F + static_cast<float>(near) / 8.0F);
            } else {
                work[i] = scores[i];
            }
        }
    }
    const std::size_t k = share_of(scores.size(), config.cluster_top_k_ratio);
    return config.cluster_weight * mean_of_largest(work, k) +
           (1 - config.cluster_weight) * mean_of_largest(scores, k);
}

double aggregate(std::vector<float> scores,
                 int height,
                 int width,
                 const sweeps::ScoreConfig& config) {
    const std::string& mode = config.aggregation;
    const std::size_t n = scores.size();
    if (mode == "top_k") {
        return mean_of_largest(scores, std::min(n, static_cast<std::size_t>(config.top_k)));
    }
    if (mode == "percentile") {
        return linear_quantile(scores, config.percentile);
    }
    if (mode == "top_k_percent") {
        return mean_of_largest(scores, share_of(n, config.top_k_percent));
    }
    if (mode == "max") {
        return *std::max_element(scores.begin(), scores.end());
    }
    if (mode == "mean") {
        return mean_of_largest(scores, n);
    }
    if (mode == "spatial_cluster") {
        return spatial_cluster(std::move(scores), height, width, config);
    }
    std::string allowed;
    for (const std::string& name : aggregation_modes()) {
        allowed += (allowed.empty() ? "" : ", ") + name;
    }
    throw sweeps::UsageError("score.aggregation: '" + mode + "' is unknown; use one of " + allowed);
}

}  // namespace

const std::vector<std::string>& aggregation_modes() {
    static const std::vector<std::string> modes = {
        "percentile", "top_k", "top_k_percent", "max", "mean", "spatial_cluster"};
    return modes;
}

float linear_quantile(std::vector<float>& values, double q) {
    const float position = static_cast<float>(q) * static_cast<float>(values.size() - 1);
    const auto below = values.begin() + static_cast<std::ptrdiff_t>(position);
    std::nth_element(values.begin(), below, values.end());
    const float low = *below;
    const float weight = position - std::floor(position);
    if (weight == 0 || below + 1 == values.end()) {
        return low;
    }
    const float high = *std::min_element(below + 1, values.end());
    // torch.lerp: from the nearer end
    return weight < 0.5F ? low + weight * (high - low) : high - (high - low) * (1 - weight);
}

float image_score(const float* patches, int height, int width, const sweeps::ScoreConfig& config) {
    if (height < 1 || width < 1 || config.top_k < 1) {
        throw std::invalid_argument("image_score: height, width and top_k must be at least 1");
    }
    std::vector<float> scores(patches, patches + static_cast<std::size_t>(height) * width);
    if (std::any_of(scores.begin(), scores.end(), [](float score) { return std::isnan(score); })) {
        return std::numeric_limits<float>::quiet_NaN();
    }
    return static_cast<float>(aggregate(std::move(scores), height, width, config));
}

}  // namespace harrow::analysis
