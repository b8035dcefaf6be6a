#pragma once

#include <string>

#include "analysis/report.hpp"
#include "storage/run_state.hpp"

namespace harrow::cli {

/// What a run directory's journal proves so far; also while a run appends to it.
/// Throws sweeps::UsageError when there is no run.
storage::RunState read_run_state(const std::string& dir);

/// Tables over the cells of the run: all of them, also those that a later sweep file dropped.
analysis::Report make_run_report(const storage::RunState& state, bool percent);

}  // namespace harrow::cli
