#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "cli/options.hpp"
#include "coordinator/run_loop.hpp"
#include "storage/run_state.hpp"
#include "sweeps/error.hpp"
#include "sweeps/work_plan.hpp"

namespace harrow::cli {

/// A moment given as "+2h30m" (from `now`), "14:30" or "14:30:15" (the next such local time),
/// "2026-11-22T14:30[:15]" (local) or with a final Z (UTC).
/// Throws UsageError for anything else, for a moment that has passed and for one more than ten
/// years ahead.
std::chrono::system_clock::time_point parse_moment(const std::string& text,
                                                   std::chrono::system_clock::time_point now);

/// When the run must have ended: the earlier of `--until` and the end of the Slurm job
/// (`slurm_end`: the value of SLURM_JOB_END_TIME, seconds since 1970; nullptr: not set).
/// Throws UsageError.
std::optional<std::chrono::system_clock::time_point> end_time_of(
    const std::string& until, const char* slurm_end, std::chrono::system_clock::time_point now);

/// Local, "14:30:15", with the date when it is not the day of `now`.
std::string moment_text(std::chrono::system_clock::time_point moment,
                        std::chrono::system_clock::time_point now);

/// The limits that the command line and Slurm set.
coordinator::RunLimits run_limits(const RunOptions& options);

sweeps::ExitCode exit_code_of(const coordinator::RunOutcome& outcome, std::size_t failed_trials);

/// What a session ends with that did its own work with `code`: trials may have failed before, and
/// some that an earlier session gave up may have been retried meanwhile, which the next one runs.
sweeps::ExitCode exit_code_of_sweep(sweeps::ExitCode code,
                                    const sweeps::WorkPlan& plan,
                                    const storage::RunState& state);

/// For `session_end` and DIR/status: "done", "failed", "drained", "time_limit", "stopped",
/// "infrastructure_lost".
std::string outcome_word(sweeps::ExitCode code, coordinator::StopCause cause);

}  // namespace harrow::cli
