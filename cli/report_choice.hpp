#pragma once

#include <optional>
#include <string>
#include <vector>

#include "analysis/report.hpp"
#include "cli/options.hpp"

namespace harrow::cli {

/// Each is a metric of these results or one of Harrow's, which they may lack. Throws
/// sweeps::UsageError with the nearest name.
void require_metrics(const analysis::Summary& summary, const std::vector<std::string>& metrics);

/// `metric` in the direction of `goal` ("maximize", "minimize"; empty: the metric's own). Throws
/// sweeps::UsageError that asks for --goal where that is not known.
sweeps::Objective objective_of(const std::string& metric, const std::string& goal);

/// Makes the first of `metrics` the one the best cell is chosen by; none, or one whose direction
/// nobody knows: as the sweep says.
void choose_objective(analysis::Report& report, const std::vector<std::string>& metrics);

/// The command line over the sweep file over defaults. Throws sweeps::UsageError for flags that
/// mean nothing without a baseline.
analysis::ComparisonOptions comparison_options(const CompareOptions& typed,
                                               const std::optional<sweeps::Compare>& of_sweep);

}  // namespace harrow::cli
