#include "analysis/statistics/t_tests.hpp"

#include <algorithm>
#include <cmath>

#include <boost/math/distributions/students_t.hpp>

#include "analysis/statistics/paired.hpp"
#include "analysis/statistics/sample.hpp"

namespace harrow::analysis {
namespace {

double two_sided_p(double t, double df) {
    const boost::math::students_t distribution(df);
    return std::min(1.0, 2 * boost::math::cdf(complement(distribution, std::abs(t))));
}

bool has_spread(const std::vector<double>& values) {
    const auto [low, high] = std::minmax_element(values.begin(), values.end());
    return *high - *low > rounding_noise(values, {});
}

}  // namespace

TestResult paired_t(const std::vector<double>& x, const std::vector<double>& y) {
    const PairedDifferences differences = paired_differences(x, y);
    TestResult result;
    result.n = differences.values.size();
    if (result.n < 2) {
        result.note = "a paired t test needs two pairs";
        return result;
    }
    result.df = static_cast<double>(result.n - 1);
    if (differences.constant) {
        const bool zero = differences.num_zero() == result.n;
        result.p = zero ? 1.0 : 0.0;
        result.note =
            zero ? "all differences are zero" : "all differences are equal: t is infinite";
        return result;
    }
    const SampleStatistics sample = sample_statistics(differences.values);
    result.statistic = *sample.mean / (*sample.std / std::sqrt(static_cast<double>(result.n)));
    result.p = two_sided_p(*result.statistic, *result.df);
    return result;
}

TestResult welch_t(const std::vector<double>& x, const std::vector<double>& y) {
    const SampleStatistics sx = sample_statistics(x), sy = sample_statistics(y);
    TestResult result;
    result.n = sx.n + sy.n;
    if (sx.n < 2 || sy.n < 2) {
        result.note = "Welch's t test needs two values in each sample";
        return result;
    }
    if (!has_spread(x) && !has_spread(y)) {
        const bool equal = std::abs(*sx.mean - *sy.mean) <= rounding_noise(x, y);
        result.p = equal ? 1.0 : 0.0;
        result.note = equal ? "all values are equal" : "neither sample varies: t is infinite";
        return result;
    }
    const auto nx = static_cast<double>(sx.n), ny = static_cast<double>(sy.n);
    // In units of the larger spread: squares of small numbers could vanish.
    const double unit = std::max(*sx.std, *sy.std);
    const double vx = std::pow(*sx.std / unit, 2) / nx, vy = std::pow(*sy.std / unit, 2) / ny;
    const double share = vx / (vx + vy);
    result.df = 1 / (share * share / (nx - 1) + (1 - share) * (1 - share) / (ny - 1));
    result.statistic = (*sx.mean - *sy.mean) / unit / std::sqrt(vx + vy);
    result.p = two_sided_p(*result.statistic, *result.df);
    return result;
}

}  // namespace harrow::analysis
