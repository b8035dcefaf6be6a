#include "analysis/statistics/studentized_range.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <stdexcept>

#include <boost/math/tools/toms748_solve.hpp>

namespace harrow::analysis {
namespace {

constexpr double kSqrtHalf = 0.70710678118654752440;
constexpr double kInverseSqrtTwoPi = 0.39894228040143267794;

void require_groups(std::size_t groups) {
    if (groups < 2) {
        throw std::invalid_argument("studentised range: at least two groups expected");
    }
}

double normal_cdf(double z) {
    return std::erfc(-z * kSqrtHalf) / 2;
}

}  // namespace

// P(range > q) = k integral phi(z) [Phi(z)^(k-1) - (Phi(z) - Phi(z - q))^(k-1)] dz, where z is the
// largest variable: k integral phi Phi^(k-1) = 1, and no difference of nearly equal sums is left.
// The trapezoid rule converges faster than any power of the step for such integrands.
double studentized_range_tail(double q, std::size_t groups) {
    require_groups(groups);
    if (!(q > 0)) {
        return 1;
    }
    constexpr double kStep = 1.0 / 32, kLimit = 12;
    const auto others = static_cast<double>(groups - 1);
    // Two variables far apart lie q / 2 to either side of 0; beyond 60 nothing is left.
    const auto steps = static_cast<int>((2 * kLimit + std::min(q, 60.0) / 2) / kStep);
    double sum = 0;
    for (int i = 0; i <= steps; ++i) {
        const double z = -kLimit + kStep * i;
        const double all = normal_cdf(z), beyond = normal_cdf(z - q);
        // all^others (1 - (1 - beyond / all)^others), exact for small beyond / all as well.
        const double outside = -std::expm1(others * std::log1p(-beyond / all));
        sum += std::exp(-z * z / 2) * std::pow(all, others) * outside;
    }
    return static_cast<double>(groups) * kInverseSqrtTwoPi * kStep * sum;
}

double studentized_range_quantile(double alpha, std::size_t groups) {
    require_groups(groups);
    if (!(alpha > 0 && alpha < 1)) {
        throw std::invalid_argument("studentised range: alpha must lie between 0 and 1");
    }
    const auto excess = [&](double q) { return studentized_range_tail(q, groups) - alpha; };
    double high = 1;
    while (excess(high) > 0 && high < 64) {
        high *= 2;
    }
    std::uintmax_t iterations = 200;
    const auto bracket = boost::math::tools::toms748_solve(
        excess, 0.0, high, boost::math::tools::eps_tolerance<double>(50), iterations);
    return (bracket.first + bracket.second) / 2;
}

}  // namespace harrow::analysis
