#pragma once

#include <optional>
#include <string>
#include <vector>

#include "analysis/document/document.hpp"
#include "analysis/summary.hpp"
#include "sweeps/tables/table_spec.hpp"

namespace harrow::analysis {

/// What one row has in one column, in the table's unit.
struct PaperValue {
    std::optional<double> mean, std;
    std::string text;                        ///< of the mean, as printed
    const CellInfo* cell = nullptr;          ///< null: published in the table's file
    const MetricSummary* summary = nullptr;  ///< null: only its mean is known
    double factor = 1;                       ///< from the summary's unit to the table's
};

struct RankedValue {
    Emphasis emphasis = Emphasis::None;
    std::string why_not;  ///< not ranked though it was measured: what differs from those that are
};

struct RankingRules {
    bool is_higher_better = true;
    bool bold = true;
    sweeps::Underline underline = sweeps::Underline::Ties;
    bool rank_published = false;
    double alpha = 0.05;
    std::vector<std::string> same;  ///< parameters that compared cells must share
};

/// Who is best among the rows of comparable_group(); where no two rows are comparable, nobody.
/// Best: the best mean and all that print like it. Tie: paired t-test against the best over the
/// seeds, Holm's adjustment over the column, not rejected at alpha; needs two seeds. Published
/// values are left out, or with `rank_published` take part without a test.
std::vector<RankedValue> rank_column(const std::vector<PaperValue>& column,
                                     const RankingRules& rules);

}  // namespace harrow::analysis
