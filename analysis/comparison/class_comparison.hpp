#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "analysis/comparison/comparison.hpp"
#include "analysis/summary.hpp"

namespace harrow::analysis {

/// What can be said of a difference.
enum class Separation {
    Unfair,        ///< something differs that should be equal: shown, not judged
    Untested,      ///< no p: fewer than two common seeds, a published value, or seeds that make no
                   ///< difference to either cell
    NotSeparable,  ///< adjusted p above alpha
    Separable,
};

/// "separable from noise", "not separable from noise", …: for tables.
const char* separation_text(Separation separation);

/// A cell against the baseline in one class, or in the mean over classes.
struct ClassDifference {
    std::string class_name;          ///< or "mean"
    Comparison pair;                 ///< p_adjusted over its family, see ClassComparisons
    std::optional<double> relative;  ///< delta / the baseline's mean, of shares above 0
    Separation separation = Separation::Untested;
    bool other_data = false;  ///< unfair, and not comparable at all
};

/// One metric, class by class. There are two families of tests: all cells × classes, and the means
/// of all cells. Both hold what is fair and could be tested, whatever a report shows of it.
struct ClassComparisons {
    std::string metric;
    std::string test;  ///< the one asked for where it gives a p of two cells, else paired_t
    std::size_t versus = 0;
    std::vector<std::string> classes;          ///< in which the baseline has a value
    std::vector<ClassDifference> differences;  ///< by class, then cell; "mean" last
    std::size_t tested_classes = 0, tested_means = 0;
    std::size_t pairs = 0;  ///< the most that any test had
};

/// Every other cell against the baseline in `metric`. Absent where the baseline has no value of it
/// in any class. Throws as compare_cells().
std::optional<ClassComparisons> compare_classes(const Summary& summary,
                                                const ComparisonOptions& options,
                                                const std::string& metric);

/// Null when there is none.
const ClassDifference* find_difference(const ClassComparisons& comparisons,
                                       std::size_t cell,
                                       const std::string& class_name);

}  // namespace harrow::analysis
