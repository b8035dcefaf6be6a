#pragma once

#include <cstddef>
#include <vector>

#include "analysis/statistics/test_result.hpp"
#include "sweeps/random.hpp"

namespace harrow::analysis {

/// Up to this many pairs all sign vectors are counted.
constexpr std::size_t kMaxExactFlips = 30;

struct SignFlipResult {
    TestResult test;        ///< statistic: the mean difference
    bool exact = false;     ///< else Monte Carlo
    double smallest_p = 1;  ///< that these pairs, or this many resamples, allow
};

/// Permutation test of the mean of x - y: the share of sign vectors whose mean is as far from 0 or
/// farther. Exact for n <= 30; above, (1 + hits) / (1 + resamples) over random signs, one bit of
/// `random` per pair. p absent for n < 2; a note when p cannot reach `alpha`.
/// Throws std::invalid_argument when the sizes differ.
SignFlipResult sign_flip_test(const std::vector<double>& x,
                              const std::vector<double>& y,
                              sweeps::RandomStream& random,
                              std::size_t resamples = 100000,
                              double alpha = 0.05);

}  // namespace harrow::analysis
