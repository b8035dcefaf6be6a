#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "analysis/statistics/test_result.hpp"

namespace harrow::analysis {

/// k cells compared on N blocks (seeds or data sets).
struct FriedmanResult {
    std::size_t blocks = 0, cells = 0;
    std::vector<double> mean_ranks;      ///< by cell; 1 is the best
    std::optional<double> chi_square;    ///< corrected for ties, k - 1 degrees of freedom
    std::optional<double> p_chi_square;  ///< absent with chi_square
    /// Iman and Davenport's F = (N - 1) chi2 / (N (k - 1) - chi2), with k - 1 (`df`) and
    /// (k - 1)(N - 1) (`df_error`) degrees of freedom; n = N.
    TestResult f;
    std::optional<double> df_error;
};

/// Friedman's test of values[block][cell], ranked within each block; equal values share midranks.
/// p absent for N < 2 or k < 2. All values of every block equal: p = 1. All blocks ranked alike: F
/// is infinite, p the exact probability that N rankings agree; both with a note.
/// Throws std::invalid_argument when blocks differ in length.
FriedmanResult friedman_test(const std::vector<std::vector<double>>& values,
                             bool larger_is_better = true);

/// Mean ranks that differ by at least this are separable (Nemenyi; Demsar 2006):
/// q_alpha / sqrt(2) * sqrt(k (k + 1) / (6 N)). Absent for N < 1 or k < 2.
Estimate nemenyi_critical_difference(std::size_t cells, std::size_t blocks, double alpha = 0.05);

/// p of the difference of two mean ranks under Nemenyi's test.
Estimate nemenyi_p(double rank_difference, std::size_t cells, std::size_t blocks);

}  // namespace harrow::analysis
