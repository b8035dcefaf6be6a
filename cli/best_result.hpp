#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "analysis/report.hpp"
#include "analysis/selection/pareto.hpp"
#include "analysis/selection/rules.hpp"

namespace harrow::cli {

/// What `harrow best` found.
struct BestResult {
    analysis::Report report;  ///< of the run; its objective selected
    std::size_t cell = 0;     ///< index into it
    std::string selected_on;  ///< "test", "val_synth", "leave-categories-out", "cross-dataset", …
    std::string metric;       ///< that is reported
    sweeps::Goal goal = sweeps::Goal::Maximize;      ///< of it
    std::optional<analysis::RuleResult> rule;        ///< without: selected on what is reported
    std::optional<analysis::Report> other;           ///< what `rule` is about; absent: `report`
    std::vector<analysis::ParetoGoal> pareto_goals;  ///< two or more, or none
    std::vector<std::size_t> front;

    const analysis::Report& reported() const { return other ? *other : report; }
    /// Empty where the reported values had no part in the selection.
    std::string stamp() const { return rule ? "" : report.selection.stamp(); }
};

/// Sentences for people, one a line.
std::string best_lines(const BestResult& result);
/// One JSON object: docs/reports.md.
std::string best_json(const BestResult& result);

}  // namespace harrow::cli
