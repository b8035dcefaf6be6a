#include "analysis/statistics/paired.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "analysis/statistics/sample.hpp"

namespace harrow::analysis {

std::size_t PairedDifferences::num_zero() const {
    return static_cast<std::size_t>(std::count(values.begin(), values.end(), 0.0));
}

PairedDifferences paired_differences(const std::vector<double>& x, const std::vector<double>& y) {
    if (x.size() != y.size()) {
        throw std::invalid_argument("paired test: both samples need the same number of values");
    }
    require_finite(x, "paired test");
    require_finite(y, "paired test");
    PairedDifferences result;
    result.noise = rounding_noise(x, y);
    result.values.reserve(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) {
        const double difference = x[i] - y[i];
        result.values.push_back(std::abs(difference) <= result.noise ? 0.0 : difference);
    }
    require_finite(result.values, "paired test");
    const auto [low, high] = std::minmax_element(result.values.begin(), result.values.end());
    result.constant = result.values.empty() || *high - *low <= result.noise;
    return result;
}

}  // namespace harrow::analysis
