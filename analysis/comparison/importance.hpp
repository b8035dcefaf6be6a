#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "analysis/comparison/one_factor.hpp"
#include "analysis/statistics/anova.hpp"
#include "analysis/summary.hpp"

namespace harrow::analysis {

/// Which settings of a grid matter.
struct ImportanceStudy {
    std::vector<Factor> factors;                    ///< at least 2, else `why_none` says why
    std::vector<std::size_t> cells;                 ///< of the grid, ascending
    std::size_t left_out = 0;                       ///< cells with results that are not in it
    Anova anova;                                    ///< seeds are replicates
    std::vector<std::optional<double>> p_adjusted;  ///< of its terms: Holm
    bool with_interactions = true;  ///< those of two factors; else they are the error
    std::string why_none;
};

/// The grid: of the cells with values of `metric` and with the commonest data and weights, those
/// whose parameters have values that at least two cells share. A parameter that has only one such
/// value is no factor, and cells with another value of it are left out. A factor has at most
/// kMaxLevels levels. Interactions are left to the error where cells are too few for them, or the
/// fit would take seconds.
ImportanceStudy study_importance(const Summary& summary, const std::string& metric);

constexpr std::size_t kMaxLevels = 24;

}  // namespace harrow::analysis
