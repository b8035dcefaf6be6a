#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "cli/disk_catalog.hpp"
#include "cli/options.hpp"
#include "cli/sweep_changes.hpp"
#include "cli/sweep_source.hpp"
#include "cli/work_units.hpp"
#include "coordinator/run_loop.hpp"
#include "coordinator/supervisor.hpp"
#include "coordinator/transport.hpp"
#include "storage/journal.hpp"
#include "storage/run_directory.hpp"
#include "storage/run_state.hpp"
#include "sweeps/error.hpp"
#include "sweeps/work_plan.hpp"

namespace harrow::cli {

/// How many ranks take part and how rank 0 reaches them.
struct Launch {
    int ranks = 1;
    std::vector<coordinator::SlotSpec> slots;  ///< rank 0's
    std::function<std::unique_ptr<coordinator::Transport>()> make_transport;
};

/// Rank 0's part of `harrow run`: journal, work, derived files, summary. One object, one run.
class RunSession {
public:
    /// All references must outlive the session.
    RunSession(const RunOptions& options,
               SweepSource source,
               DiskCatalog& catalog,
               const sweeps::WorkPlan& plan);

    /// Everything from taking the directory to the last line on standard output.
    /// Throws sweeps::Error; what was acknowledged before stays done.
    sweeps::ExitCode run(const Launch& launch);

private:
    /// Compares with what the journal holds; appends the first `sweep` or an `extended` record.
    void reconcile(storage::Journal& journal);
    /// Throws UsageError with the differences that --extend cannot bring in, or was not asked to.
    void refuse_unless_allowed(const SweepChanges& changes) const;
    /// Throws UsageError when work is left and what is done was computed on another kind of device.
    void refuse_another_device(const Launch& launch) const;
    sweeps::ExitCode work_off(storage::Journal& journal, const Launch& launch);
    void announce(const WorkUnits& work, const Launch& launch) const;
    sweeps::ExitCode execute(storage::Journal& journal,
                             const WorkUnits& work,
                             const Launch& launch);
    void print_summary(const storage::RunState& state, const std::string& duration) const;
    std::size_t finished_of_this_sweep(const storage::RunState& state) const;
    std::size_t failed_of_this_sweep(const storage::RunState& state) const;
    storage::RunState read_state() const;

    const RunOptions& options_;
    SweepSource source_;
    DiskCatalog& catalog_;
    const sweeps::WorkPlan& plan_;
    storage::RunDirectory directory_;
    storage::FeatureCache cache_;
    storage::RunState state_;
    std::map<std::string, storage::FailedTrial> failed_before_;  ///< by trial; for its requests
    coordinator::StopCause stop_cause_ = coordinator::StopCause::None;
    std::string where_time_went_;  ///< of the session that ended; one line
};

/// Path of harrow-worker, beside this program. Throws Error (infrastructure) when it is not there.
std::string worker_program();

/// Slots and paths of this rank's children.
coordinator::SupervisorOptions supervisor_options(const RunOptions& options,
                                                  std::vector<coordinator::SlotSpec> slots,
                                                  int rank);

/// What all ranks must agree on: every trial of the plan.
std::string sweep_digest(const sweeps::WorkPlan& plan);

}  // namespace harrow::cli
