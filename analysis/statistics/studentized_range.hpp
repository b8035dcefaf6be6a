#pragma once

#include <cstddef>

namespace harrow::analysis {

/// Studentised range of `groups` (>= 2) standard normal variables with known variance (infinite
/// degrees of freedom): P(max - min > q), about 1e-13 relative. 1 for q <= 0.
double studentized_range_tail(double q, std::size_t groups);

/// The q that is exceeded with probability `alpha` in (0, 1). Throws std::invalid_argument else, as
/// both do for fewer than two groups.
double studentized_range_quantile(double alpha, std::size_t groups);

}  // namespace harrow::analysis
