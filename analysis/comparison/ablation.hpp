#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "analysis/comparison/comparison.hpp"
#include "analysis/comparison/fairness.hpp"
#include "analysis/summary.hpp"

namespace harrow::analysis {

/// A cell without a part of the full one.
struct Removal {
    std::size_t cell = 0;                    ///< index into Summary::cells
    std::vector<SettingDifference> removed;  ///< what is studied: full / without
    std::vector<SettingDifference> unlike;   ///< what should be equal and is not
    std::optional<double> delta;             ///< of the objective, over common seeds
    std::optional<double> loss;              ///< how much worse, >= 0; absent: not comparable
    std::optional<double> importance;        ///< loss / largest loss of comparable removals
    bool is_fair() const { return unlike.empty(); }
};

struct AblationStudy {
    std::size_t full = 0;
    std::vector<Removal> removals;  ///< comparable ones by falling loss, then the others in order
};

/// Tagged "ablation", or its name or label begins with "wo_", "wo-" or "w/o".
bool is_ablation(const CellInfo& cell);

/// Ablation cells against cell `full`. A removal may change several settings. What else differs is
/// `unlike`:
/// - data, weights, the parameters of `same`, the seeds of `metric`, and the training budget unless
///   it alone was changed;
/// - a difference that several removals share and none consists of, unless it switches something
///   off: such runs stem from another group of experiments;
/// - a number changed to another that is not 0 beside something that was switched off.
/// Settings that mean nothing to one of the cells follow from others and are left out.
AblationStudy study_ablations(const Summary& summary,
                              std::size_t full,
                              const std::vector<std::string>& same,
                              const std::string& metric,
                              bool higher_is_better);

}  // namespace harrow::analysis
