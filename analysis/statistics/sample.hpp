#pragma once

#include <cstddef>
#include <optional>
#include <vector>

namespace harrow::analysis {

struct Interval {
    double low = 0, high = 0;
};

struct SampleStatistics {
    std::size_t n = 0;
    std::optional<double> mean;    ///< absent for n = 0
    std::optional<double> std;     ///< sqrt(sum (x - mean)^2 / (n - 1)); absent for n < 2
    std::optional<Interval> ci95;  ///< mean +- t_{.975, n-1} std / sqrt(n); absent for n < 2
};

/// Equal values have exactly their value as mean and a std of 0.
/// Throws std::invalid_argument when a value is NaN or infinite, or so large that a result would
/// be, as every function of statistics/.
SampleStatistics sample_statistics(const std::vector<double>& values);

/// mean +- t_{(1 + level)/2, n-1} std / sqrt(n); absent for n < 2. `level` in (0, 1).
std::optional<Interval> t_interval(const SampleStatistics& sample, double level);

/// Interquartile mean: the mean of what is left when floor(n / 4) values are cut from each end
/// (Agarwal et al., NeurIPS 2021; scipy.stats.trim_mean 0.25). Absent for n = 0.
std::optional<double> interquartile_mean(std::vector<double> values);

/// Throws std::invalid_argument, naming `function`, when a value is NaN or infinite.
void require_finite(const std::vector<double>& values, const char* function);

/// Differences of numbers up to the largest magnitude given are equal when they differ by less:
/// 16 units in the last place. So 0.3 - 0.2 and 0.2 - 0.1 tie, as their decimals do.
/// Never below the smallest normal number: what lies beneath it is 0.
double rounding_noise(const std::vector<double>& x, const std::vector<double>& y);

}  // namespace harrow::analysis
