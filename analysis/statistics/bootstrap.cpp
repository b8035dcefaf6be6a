#include "analysis/statistics/bootstrap.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <utility>

#include <boost/math/distributions/normal.hpp>

namespace harrow::analysis {
namespace {

std::vector<double> resample_statistics(const Strata& strata,
                                        const StrataStatistic& statistic,
                                        sweeps::RandomStream& random,
                                        std::size_t resamples) {
    Strata drawn = strata;
    std::vector<double> distribution;
    distribution.reserve(resamples);
    for (std::size_t b = 0; b < resamples; ++b) {
        for (std::size_t s = 0; s < strata.size(); ++s) {
            for (double& value : drawn[s]) {
                value = strata[s][random.below(strata[s].size())];
            }
        }
        distribution.push_back(statistic(drawn));
    }
    std::sort(distribution.begin(), distribution.end());
    require_finite(distribution, "bootstrap_interval: statistic");
    return distribution;
}

// Acceleration from leaving out one value at a time, for several samples as in SciPy: sums of
// cubes and squares of the influences, each divided by the stratum's size. A stratum of one value
// cannot vary and adds nothing.
double acceleration(const Strata& strata, const StrataStatistic& statistic) {
    std::vector<std::pair<double, double>> influences;  // with the stratum's size
    double largest = 0;
    for (std::size_t s = 0; s < strata.size(); ++s) {
        const auto n = static_cast<double>(strata[s].size());
        std::vector<double> left_out;
        for (std::size_t i = 0; strata[s].size() > 1 && i < strata[s].size(); ++i) {
            Strata rest = strata;
            rest[s].erase(rest[s].begin() + static_cast<std::ptrdiff_t>(i));
            left_out.push_back(statistic(rest));
        }
        const double mean = sample_statistics(left_out).mean.value_or(0);
        for (const double value : left_out) {
            influences.emplace_back((n - 1) * (mean - value), n);
            largest = std::max(largest, std::abs(influences.back().first));
        }
    }
    double cubes = 0, squares = 0;
    for (const auto& [influence, n] : influences) {
        const double share = largest > 0 ? influence / largest / n : 0;  // no power vanishes
        cubes += share * share * share;
        squares += share * share;
    }
    return squares > 0 ? cubes / (6 * squares * std::sqrt(squares)) : 0.0;
}

// Shares of the distribution that bound the interval; absent where the correction is undefined.
std::optional<Interval> corrected_shares(const std::vector<double>& distribution,
                                         double estimate,
                                         double accelerated,
                                         double tail) {
    const auto below = std::lower_bound(distribution.begin(), distribution.end(), estimate);
    const auto above = std::upper_bound(distribution.begin(), distribution.end(), estimate);
    const double share =
        static_cast<double>((below - distribution.begin()) + (above - distribution.begin())) /
        (2 * static_cast<double>(distribution.size()));
    if (share <= 0 || share >= 1) {
        return std::nullopt;
    }
    const boost::math::normal normal;
    const double bias = boost::math::quantile(normal, share);
    const double z = boost::math::quantile(normal, tail);
    if (1 - accelerated * (bias + z) <= 0 || 1 - accelerated * (bias - z) <= 0) {
        return std::nullopt;
    }
    const auto corrected = [&](double shifted) {
        return boost::math::cdf(normal, bias + shifted / (1 - accelerated * shifted));
    };
    return Interval{corrected(bias + z), corrected(bias - z)};
}

bool can_resample(const Strata& strata, BootstrapInterval& result) {
    const bool empty = std::any_of(
        strata.begin(), strata.end(), [](const auto& stratum) { return stratum.empty(); });
    if (strata.empty() || empty) {
        result.note = strata.size() > 1 ? "a stratum has no values" : "no values";
        return false;
    }
    return true;
}

}  // namespace

BootstrapInterval bootstrap_interval(const Strata& strata,
                                     const StrataStatistic& statistic,
                                     sweeps::RandomStream& random,
                                     const BootstrapOptions& options) {
    if (!(options.level > 0 && options.level < 1) || options.resamples == 0) {
        throw std::invalid_argument("bootstrap_interval: level in (0, 1) and resamples expected");
    }
    BootstrapInterval result;
    if (!can_resample(strata, result)) {
        return result;
    }
    require_finite(pooled(strata), "bootstrap_interval");
    result.estimate = statistic(strata);
    require_finite({*result.estimate}, "bootstrap_interval: statistic");
    if (pooled(strata).size() == strata.size()) {
        result.note = "one value in each stratum: nothing to resample";
        return result;
    }
    const std::vector<double> distribution =
        resample_statistics(strata, statistic, random, options.resamples);
    if (distribution.front() == distribution.back()) {
        result.interval = Interval{distribution.front(), distribution.back()};
        result.note = "all resamples have the same value";
        return result;
    }
    const double tail = (1 - options.level) / 2;
    Interval shares{tail, 1 - tail};
    if (options.method == BootstrapMethod::BiasCorrected) {
        const auto corrected =
            corrected_shares(distribution, *result.estimate, acceleration(strata, statistic), tail);
        result.note = corrected ? "" : "BCa is undefined here: percentile interval";
        shares = corrected.value_or(shares);
    }
    result.interval = Interval{quantile_of_sorted(distribution, shares.low),
                               quantile_of_sorted(distribution, shares.high)};
    return result;
}

std::vector<double> pooled(const Strata& strata) {
    std::vector<double> values;
    for (const auto& stratum : strata) {
        values.insert(values.end(), stratum.begin(), stratum.end());
    }
    return values;
}

double quantile_of_sorted(const std::vector<double>& sorted, double share) {
    if (sorted.empty() || !(share >= 0 && share <= 1)) {
        throw std::invalid_argument("quantile_of_sorted: values and a share in [0, 1] expected");
    }
    const double position = share * static_cast<double>(sorted.size() - 1);
    const auto index = static_cast<std::size_t>(position);
    if (index + 1 >= sorted.size()) {
        return sorted.back();
    }
    const double between = position - static_cast<double>(index);
    return sorted[index] + between * (sorted[index + 1] - sorted[index]);
}

}  // namespace harrow::analysis
