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
SampleStatistics sample_statistics(const std::vector<double>& values);

}  // namespace harrow::analysis
