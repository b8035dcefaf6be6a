#include "analysis/statistics/effect_size.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "analysis/statistics/paired.hpp"
#include "analysis/statistics/sample.hpp"

namespace harrow::analysis {
namespace {

// Sum over all pairs of sign(x - y).
std::int64_t dominance(const std::vector<double>& x, std::vector<double> y) {
    std::sort(y.begin(), y.end());
    std::int64_t sum = 0;
    for (const double value : x) {
        sum += std::lower_bound(y.begin(), y.end(), value) - y.begin();
        sum -= y.end() - std::upper_bound(y.begin(), y.end(), value);
    }
    return sum;
}

}  // namespace

Estimate cohens_d(const std::vector<double>& x, const std::vector<double>& y) {
    const SampleStatistics sx = sample_statistics(x), sy = sample_statistics(y);
    if (sx.n < 2 || sy.n < 2) {
        return {std::nullopt, "Cohen's d needs two values in each sample"};
    }
    const auto nx = static_cast<double>(sx.n), ny = static_cast<double>(sy.n);
    const double unit = std::max(*sx.std, *sy.std);
    if (unit <= rounding_noise(x, y)) {
        return {std::nullopt, "neither sample varies"};
    }
    const double rx = *sx.std / unit, ry = *sy.std / unit;
    const double scale =
        unit * std::sqrt(((nx - 1) * rx * rx + (ny - 1) * ry * ry) / (nx + ny - 2));
    return {(*sx.mean - *sy.mean) / scale, ""};
}

Estimate cohens_dz(const std::vector<double>& x, const std::vector<double>& y) {
    const PairedDifferences differences = paired_differences(x, y);
    if (differences.values.size() < 2) {
        return {std::nullopt, "d_z needs two pairs"};
    }
    if (differences.constant) {
        return {std::nullopt, "all differences are equal"};
    }
    const SampleStatistics sample = sample_statistics(differences.values);
    return {*sample.mean / *sample.std, ""};
}

Estimate probability_of_improvement(const std::vector<double>& x, const std::vector<double>& y) {
    Estimate delta = cliffs_delta(x, y);
    if (delta.value) {
        const auto pairs = static_cast<double>(x.size()) * static_cast<double>(y.size());
        delta.value = (pairs + static_cast<double>(dominance(x, y))) / (2 * pairs);
    }
    return delta;
}

Estimate cliffs_delta(const std::vector<double>& x, const std::vector<double>& y) {
    require_finite(x, "cliffs_delta");
    require_finite(y, "cliffs_delta");
    if (x.empty() || y.empty()) {
        return {std::nullopt, "a sample has no values"};
    }
    const auto pairs = static_cast<double>(x.size()) * static_cast<double>(y.size());
    return {static_cast<double>(dominance(x, y)) / pairs, ""};
}

}  // namespace harrow::analysis
