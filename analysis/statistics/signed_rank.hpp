#pragma once

#include <cstddef>
#include <vector>

#include "analysis/statistics/test_result.hpp"

namespace harrow::analysis {

/// Up to this many pairs p is exact.
constexpr std::size_t kMaxExactPairs = 25;

struct SignedRankResult {
    TestResult test;    ///< statistic: the smaller of w_plus and w_minus
    double w_plus = 0;  ///< ranks of |x - y| summed over x > y, plus half those of zeros
    double w_minus = 0;
    bool exact = false;
    double smallest_p = 1;   ///< that these ranks allow; of exact tests
    Estimate rank_biserial;  ///< (w_plus - w_minus) / (n (n + 1) / 2), in [-1, 1]
};

/// Wilcoxon's signed-rank test of pairs. Zero differences keep their ranks, split evenly between
/// both sides ("zsplit", Demsar 2006); ties have midranks. n <= 25: exact, over all signs of the
/// non-zero differences given these ranks; above: normal with tie correction, no continuity
/// correction (scipy.stats.wilcoxon). p absent for n < 2; a note when p cannot reach `alpha`.
/// Throws std::invalid_argument when the sizes differ.
SignedRankResult wilcoxon_signed_rank(const std::vector<double>& x,
                                      const std::vector<double>& y,
                                      double alpha = 0.05);

}  // namespace harrow::analysis
