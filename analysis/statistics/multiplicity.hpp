#pragma once

#include <optional>
#include <vector>

namespace harrow::analysis {

enum class Adjustment {
    None,
    Holm,        ///< step-down, family-wise error
    Bonferroni,  ///< p times the number of tests, family-wise error
    Bh,          ///< Benjamini and Hochberg's step-up, false discovery rate
};

/// Adjusted p in the order given, at most 1. Absent ones stay absent and are not counted in the
/// family. Throws std::invalid_argument for a p outside [0, 1].
std::vector<std::optional<double>> adjust_p_values(const std::vector<std::optional<double>>& p,
                                                   Adjustment adjustment);

}  // namespace harrow::analysis
