#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "analysis/statistics/sample.hpp"
#include "sweeps/random.hpp"

namespace harrow::analysis {

/// Values by stratum (a class, a cell); each stratum is resampled by itself, so every resample has
/// as many values of each. A plain sample is one stratum.
using Strata = std::vector<std::vector<double>>;
/// Must be finite for strata of the sizes given, and of one value less.
using StrataStatistic = std::function<double(const Strata&)>;

enum class BootstrapMethod {
    Percentile,
    BiasCorrected,  ///< BCa: bias-corrected and accelerated (Efron 1987)
};

struct BootstrapOptions {
    std::size_t resamples = 10000;
    double level = 0.95;
    BootstrapMethod method = BootstrapMethod::BiasCorrected;
};

struct BootstrapInterval {
    std::optional<double> estimate;    ///< the statistic of the sample; absent without values
    std::optional<Interval> interval;  ///< absent where no resampling is possible
    std::string note;                  ///< why it is absent, or not of the method asked for
};

/// Interval of `statistic` from resamples with replacement, drawn stratum after stratum with
/// random.below(size). Percentiles interpolate linearly. Where the correction is undefined (all
/// resamples on one side of the estimate) the interval is the percentile one, and the note says so.
/// Throws std::invalid_argument on values that are not finite, `level` outside (0, 1), no
/// resamples.
BootstrapInterval bootstrap_interval(const Strata& strata,
                                     const StrataStatistic& statistic,
                                     sweeps::RandomStream& random,
                                     const BootstrapOptions& options = {});

/// Every value of every stratum, for statistics of the pooled values.
std::vector<double> pooled(const Strata& strata);

/// Linear interpolation between order statistics, as numpy.percentile. `sorted` ascending and not
/// empty, `share` in [0, 1].
double quantile_of_sorted(const std::vector<double>& sorted, double share);

}  // namespace harrow::analysis
