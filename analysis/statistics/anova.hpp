#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "analysis/statistics/test_result.hpp"

namespace harrow::analysis {

struct AnovaFactor {
    std::string name;
    std::vector<std::string> levels;  ///< of each observation
    bool block = false;               ///< enters without interactions, as classes or seeds may
};

struct AnovaTerm {
    std::string name;                  ///< "train.lr", "train.lr:score.top_k"
    std::vector<std::size_t> factors;  ///< indices, ascending
    std::size_t df = 0;                ///< 0 where the data cannot tell the term from others
    double sum_squares = 0;
    std::optional<double> f, p;  ///< absent without an error estimate; see the notes
    Estimate partial_eta2;       ///< SS / (SS + SS_error)
    Estimate omega2;             ///< (SS - df MS_error) / (SS_total + MS_error); may be negative
    std::string note;
};

struct Anova {
    std::vector<AnovaTerm> terms;  ///< by number of factors, then in the order of the factors
    std::size_t n = 0, residual_df = 0;
    double residual_squares = 0, total_squares = 0;
    bool balanced = false;  ///< every combination of levels equally often
    std::string note;       ///< why nothing or no F is given
};

/// Analysis of variance with interactions of up to `max_order` factors, type II sums of squares:
/// SS(T) is what T explains beyond all terms that do not contain T (Langsrud 2003); with balanced
/// data this is the classical decomposition. Combinations without data lower a term's df, which its
/// note says. Values that fit exactly give p = 0 (p = 1 for a term that explains nothing).
/// Throws std::invalid_argument when a factor has not one level per value, max_order is 0, or a
/// value is not finite.
Anova anova(const std::vector<double>& values,
            const std::vector<AnovaFactor>& factors,
            std::size_t max_order = 2);

}  // namespace harrow::analysis
