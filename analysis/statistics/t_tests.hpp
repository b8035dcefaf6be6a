#pragma once

#include <vector>

#include "analysis/statistics/test_result.hpp"

namespace harrow::analysis {

/// Student's t of the differences x - y of pairs against 0, n - 1 degrees of freedom.
/// p absent for n < 2. Differences that are all 0: p = 1; all equal to another number: p = 0, t
/// absent; both with a note. Throws std::invalid_argument when the sizes differ.
TestResult paired_t(const std::vector<double>& x, const std::vector<double>& y);

/// Welch's t of independent samples: (mean x - mean y) / sqrt(vx/nx + vy/ny), degrees of freedom
/// after Welch and Satterthwaite. p absent when a sample has fewer than two values. Two samples
/// without spread: p = 1 when they are equal, else 0, with a note.
TestResult welch_t(const std::vector<double>& x, const std::vector<double>& y);

}  // namespace harrow::analysis
