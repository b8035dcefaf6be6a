#pragma once

#include <cstddef>
#include <vector>

namespace harrow::analysis {

/// x[i] - y[i], where what rounding left of equal numbers is exactly 0.
struct PairedDifferences {
    std::vector<double> values;
    double noise = 0;       ///< differences closer than this are equal
    bool constant = false;  ///< all are equal; true for one difference or none

    std::size_t num_zero() const;
};

/// Throws std::invalid_argument when the sizes differ or a value is not finite.
PairedDifferences paired_differences(const std::vector<double>& x, const std::vector<double>& y);

}  // namespace harrow::analysis
