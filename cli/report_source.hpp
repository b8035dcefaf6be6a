#pragma once

#include <string>
#include <vector>

#include "analysis/report.hpp"
#include "cli/report_merge.hpp"
#include "storage/run_state.hpp"

namespace harrow::cli {

/// What a run directory's journal proves so far; also while a run appends to it.
/// Throws sweeps::UsageError when there is no run.
storage::RunState read_run_state(const std::string& dir);

/// Tables over the cells of the runs: all of them, also those that a later sweep file dropped. The
/// objective is that of the first run. Throws as merged_rows() does.
analysis::Report make_run_report(const std::vector<RunOfReport>& runs, bool percent);
analysis::Report make_run_report(const storage::RunState& state, bool percent);

}  // namespace harrow::cli
