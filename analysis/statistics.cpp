#include "analysis/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <boost/math/distributions/students_t.hpp>

namespace harrow::analysis {

SampleStatistics sample_statistics(const std::vector<double>& values) {
    SampleStatistics result;
    result.n = values.size();
    if (values.empty()) {
        return result;
    }
    const auto n = static_cast<double>(values.size());
    const auto [low, high] = std::minmax_element(values.begin(), values.end());
    // Rounding must not invent a spread between equal values.
    const double mean =
        *low == *high ? *low : std::accumulate(values.begin(), values.end(), 0.0) / n;
    result.mean = mean;
    if (values.size() < 2) {
        return result;
    }
    double squares = 0;
    for (const double value : values) {
        squares += (value - mean) * (value - mean);
    }
    result.std = std::sqrt(squares / (n - 1));
    const boost::math::students_t distribution(n - 1);
    const double half = boost::math::quantile(distribution, 0.975) * *result.std / std::sqrt(n);
    result.ci95 = Interval{mean - half, mean + half};
    return result;
}

}  // namespace harrow::analysis
