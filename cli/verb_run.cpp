#include <chrono>
#include <cmath>
#include <exception>
#include <filesystem>
#include <iostream>

#include "cli/own_results.hpp"
#include "cli/run_session.hpp"
#include "cli/run_slots.hpp"
#include "cli/signals.hpp"
#include "cli/verbs.hpp"
#include "coordinator/device_slots.hpp"
#include "coordinator/launch_environment.hpp"
#include "coordinator/local_transport.hpp"
#include "coordinator/mpi_transport.hpp"

namespace harrow::cli {
namespace {

using sweeps::ExitCode;

SweepSource load_source(const RunOptions& options, DiskCatalog& catalog) {
    const TypedSweep typed = typed_sweep(options.spec, options.overrides);
    if (!typed.spec.empty()) {
        return load_sweep_source(typed.spec, typed.overrides, catalog);
    }
    const storage::RunDirectory directory(options.dir);
    directory.require_run();
    const storage::RunState state = storage::read_run_state(directory.journal_file());
    require_own_results(state, options.dir, kNothingToRun);
    return resume_sweep_source(*state.sweep, typed.overrides, catalog);
}

int report_error(const std::exception& error) {
    std::cerr << "harrow: " << error.what() << "\n";
    const auto* ours = dynamic_cast<const sweeps::Error*>(&error);
    return static_cast<int>(ours != nullptr ? ours->exit_code() : ExitCode::Bug);
}

int run_rank(coordinator::MpiSession& session,
             const RunOptions& options,
             const SweepSource& source,
             DiskCatalog& catalog,
             const sweeps::WorkPlan& plan,
             const std::vector<coordinator::SlotSpec>& slots) {
    coordinator::RankOptions rank_options;
    rank_options.supervisor = supervisor_options(options, slots, session.rank());
    rank_options.sweep_digest = sweep_digest(plan);
    rank_options.lease = std::chrono::milliseconds(std::llround(options.rank_limit_s * 1000.0));
    if (session.rank() > 0) {
        const DrainScope rank_0_decides;
        std::cerr << slots_text(slots);
        coordinator::serve_rank(session, std::move(rank_options));
        return static_cast<int>(ExitCode::Ok);
    }
    Launch launch;
    launch.ranks = session.size();
    launch.slots = slots;
    launch.make_transport = [&] { return coordinator::make_mpi_transport(session, rank_options); };
    return static_cast<int>(RunSession(options, source, catalog, plan).run(launch));
}

}  // namespace

/// All ranks read the sweep and the data before any of them starts work, and refuse them alike.
ExitCode run_verb(const RunOptions& options) {
    install_signal_handlers();
    const coordinator::LaunchEnvironment environment = coordinator::launch_environment();
    DiskCatalog catalog(cache_directory(options.cache));
    const SweepSource source = load_source(options, catalog);
    const RunSlots chosen = choose_slots(
        options, environment, this_machine(worker_program()), source.sweep.run.slots_per_gpu);
    for (const std::string& warning : chosen.warnings) {
        std::cerr << "warning: " + warning + "\n";
    }
    const sweeps::WorkPlan plan = sweeps::make_work_plan(
        source.sweep, catalog, std::string(coordinator::device_kind(chosen.slots)));
    if (environment.under_launcher) {
        return static_cast<ExitCode>(coordinator::run_under_mpi(
            [&](coordinator::MpiSession& session) {
                return run_rank(session, options, source, catalog, plan, chosen.slots);
            },
            report_error));
    }
    Launch launch;
    launch.slots = chosen.slots;
    launch.make_transport = [&] {
        return coordinator::make_local_transport(supervisor_options(options, chosen.slots, 0));
    };
    return RunSession(options, source, catalog, plan).run(launch);
}

}  // namespace harrow::cli
