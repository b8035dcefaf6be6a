#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "analysis/comparison/comparison.hpp"
#include "analysis/comparison/fairness.hpp"
#include "analysis/summary.hpp"

namespace harrow::analysis {

/// A measured value that wants to be ranked.
struct Contender {
    const CellInfo* cell;
    std::vector<std::uint64_t> seeds;  ///< that it rests on, ascending
    std::string unit = {};             ///< what Units::unit() says of it
};

struct ComparableGroup {
    std::vector<std::size_t> members;  ///< indices of contenders, ascending
    /// By contender: what differs from a member that trains, else the first, though it should be
    /// equal; empty for members.
    std::vector<std::vector<SettingDifference>> unlike;
};

/// Which values may be ranked together, for every table and figure that ranks without a baseline:
/// those of equal data, unit and seeds, equal training budget (unless no other parameter differs
/// among the contenders: then it is what is studied) and equal parameters of `same`. Data that is
/// not known is equal within a run only. What trains nothing has no budget, and goes with any. The
/// largest such group; of equally large ones that with more seeds, then the first.
ComparableGroup comparable_group(const std::vector<Contender>& contenders,
                                 const std::vector<std::string>& same);

/// Cells that are ranked in one metric.
struct ComparableCells {
    std::vector<std::size_t> cells;    ///< ascending; all measured
    std::vector<std::string> why_not;  ///< by cell; not empty: has a value and is not ranked
};

/// With a baseline that has the metric: those whose comparison with it is fair, itself among them.
/// Else the comparable group. Published values rest on seeds nobody knows: they are never ranked.
ComparableCells comparable_cells(const Summary& summary,
                                 const std::string& metric,
                                 const ComparisonOptions& options);

/// "other data, seeds 0, 1 / 0..4"
std::string unlike_text(const std::vector<SettingDifference>& unlike);

}  // namespace harrow::analysis
