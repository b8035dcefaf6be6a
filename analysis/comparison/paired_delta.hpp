#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "analysis/summary.hpp"

namespace harrow::analysis {

/// How far a cell is from another in one metric.
struct PairedDelta {
    double value = 0;  ///< mean over the common seeds; of the two means where there are none
    std::size_t common = 0;
    bool same_seeds = false;  ///< both have the same ones
};

/// Absent where either has no value. Published means count, as having no seeds.
std::optional<PairedDelta> paired_delta(const CellSummary& cell,
                                        const CellSummary& versus,
                                        const std::string& metric);

/// Null when no mean was published.
const Published* published_value(const CellSummary& cell, const std::string& metric);

/// The cell that others are seen against: the baseline asked for (name, other name, id), else the
/// first that is called, labelled or tagged "baseline", then "main", then "full".
std::optional<std::size_t> baseline_cell(const Summary& summary, const std::string& asked);

}  // namespace harrow::analysis
