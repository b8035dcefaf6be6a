#pragma once

#include <vector>

#include "analysis/statistics/test_result.hpp"

// Positive where x is larger. The rank-biserial correlation of pairs is in signed_rank.hpp.

namespace harrow::analysis {

/// Cohen's d of independent samples: (mean x - mean y) / s, s^2 = ((nx-1) vx + (ny-1) vy) /
/// (nx + ny - 2). Absent when a sample has fewer than two values or neither varies.
Estimate cohens_d(const std::vector<double>& x, const std::vector<double>& y);

/// Cohen's d_z of pairs: mean of x - y over its standard deviation. Absent for n < 2 or equal
/// differences. Throws std::invalid_argument when the sizes differ.
Estimate cohens_dz(const std::vector<double>& x, const std::vector<double>& y);

/// P(X > Y) + P(X = Y) / 2 over all pairs of values (Agarwal et al., NeurIPS 2021; the
/// Mann-Whitney U over nx ny). Absent when a sample is empty.
Estimate probability_of_improvement(const std::vector<double>& x, const std::vector<double>& y);

/// Cliff's delta, P(X > Y) - P(X < Y). Absent when a sample is empty.
Estimate cliffs_delta(const std::vector<double>& x, const std::vector<double>& y);

}  // namespace harrow::analysis
