#pragma once

#include <optional>
#include <vector>

#include "analysis/document/document.hpp"
#include "analysis/report.hpp"

/// One function per part of a report, each in a file of its name. Absent: the data has nothing to
/// say about it.
namespace harrow::analysis {

std::optional<Section> tables_section(const Report& report);      ///< tables for papers
Section cells_section(const Report& report);                      ///< main table, best cell
std::optional<Section> ranking_section(const Report& report);     ///< top k by metric
std::optional<Section> sequence_section(const Report& report);    ///< continual metrics
std::optional<Section> classes_section(const Report& report);     ///< per class
std::optional<Section> comparison_section(const Report& report);  ///< against the baseline
/// Each class against the baseline: values, Δ, and which of them are not separable from noise.
std::optional<Section> class_differences_section(const Report& report);
std::optional<Section> one_factor_section(const Report& report);   ///< one parameter at a time
std::optional<Section> ablation_section(const Report& report);     ///< removals, importance
std::optional<Section> interaction_section(const Report& report);  ///< synergies of combinations
std::optional<Section> order_section(const Report& report);        ///< task orders
std::optional<Section> forgetting_section(const Report& report);   ///< matrices over tasks
std::optional<Section> routing_section(const Report& report);      ///< routed against oracle
std::optional<Section> importance_section(const Report& report);   ///< ANOVA of the grid
std::optional<Section> selection_section(const Report& report);    ///< audit, ties, Pareto
std::optional<Section> cost_section(const Report& report);
std::optional<Section> gallery_section(const Report& report);  ///< pictures of failures
Section failures_section(const Report& report);

/// The tables for papers that the report asks for, in order. What they ask for in vain is appended
/// to `problems`.
std::vector<Table> paper_tables(const Report& report, std::vector<sweeps::Problem>& problems);

/// All of them, in the order in which one reads them.
Document report_document(const Report& report);

}  // namespace harrow::analysis
