#include "cli/replayed_trial.hpp"

#include <algorithm>
#include <cstdio>
#include <optional>
#include <utility>

#include "cli/disk_catalog.hpp"
#include "cli/run_session.hpp"
#include "cli/signals.hpp"
#include "cli/sweep_source.hpp"
#include "cli/work_units.hpp"
#include "coordinator/device_slots.hpp"
#include "coordinator/local_transport.hpp"
#include "coordinator/progress.hpp"
#include "storage/cache_lease.hpp"
#include "storage/run_directory.hpp"
#include "sweeps/error.hpp"
#include "sweeps/work_plan.hpp"

namespace harrow::cli {
namespace {

using sweeps::ExitCode;

/// Keeps the result, shows the progress, records nothing.
class ReplayObserver : public coordinator::RunObserver {
public:
    explicit ReplayObserver(coordinator::ProgressDisplay& display) : display_(display) {}

    void finished(std::size_t /*unit*/,
                  int /*attempt*/,
                  const coordinator::SlotPlace& /*place*/,
                  const coordinator::WorkResult& result) override {
        if (!result.trials.empty()) {
            result_ = result.trials.front();
        }
    }
    void failed(const coordinator::UnitFailure& failure) override {
        message_ = std::string(coordinator::name_of(failure.kind)) + ": " + failure.message;
        if (!failure.stderr_tail.empty()) {
            message_ += "\n" + failure.stderr_tail;
        }
        display_.line(message_);
    }
    void warning(const std::string& message) override { display_.line("warning: " + message); }
    void tick(const coordinator::RunSnapshot& snapshot) override { display_.update(snapshot); }

    const std::optional<coordinator::TrialResult>& result() const { return result_; }
    const std::string& message() const { return message_; }

private:
    coordinator::ProgressDisplay& display_;
    std::optional<coordinator::TrialResult> result_;
    std::string message_;  ///< of the last failure
};

/// As if every other trial were done and this one had never begun.
storage::RunState with_one_trial_left(const sweeps::WorkPlan& plan, const std::string& trial) {
    storage::RunState state;
    bool found = false;
    for (const sweeps::PlannedTrial& planned : plan.trials) {
        if (planned.id == trial) {
            found = true;
        } else {
            state.finished[planned.id].trial = planned.id;
        }
    }
    if (!found) {
        throw sweeps::UsageError(
            "the sweep, its data or its weights changed since: they no longer give this trial");
    }
    return state;
}

coordinator::TrialResult run(const WorkUnits& work,
                             coordinator::Transport& transport,
                             const std::string& title) {
    install_signal_handlers();
    coordinator::ProgressDisplay display(
        stderr, coordinator::ProgressDisplay::stderr_is_terminal(), title);
    ReplayObserver observer(display);
    coordinator::RunLimits limits;
    limits.stop = requested_stop;
    const DrainScope drain_on_signals;
    const coordinator::RunOutcome outcome =
        coordinator::run_units(work.plan, transport, observer, limits);
    display.clear();
    if (outcome.verdict == coordinator::RunOutcome::Verdict::StoppedEarly) {
        throw sweeps::Error(ExitCode::Resumable, "stopped before there was anything to compare");
    }
    if (!observer.result()) {
        throw sweeps::Error(ExitCode::TrialsFailed,
                            "it cannot be trained again: " +
                                (observer.message().empty() ? outcome.reason : observer.message()));
    }
    if (!observer.result()->error.empty()) {
        throw sweeps::Error(ExitCode::TrialsFailed,
                            "it cannot be scored again: " + observer.result()->error);
    }
    return *observer.result();
}

}  // namespace

ReplayedTrial replay_trial(const storage::RunState& state,
                           const std::string& trial,
                           const coordinator::SlotSpec& slot,
                           const RunOptions& how,
                           const std::filesystem::path& directory) {
    DiskCatalog catalog(cache_directory(how.cache));
    const SweepSource source = resume_sweep_source(*state.sweep, {}, catalog);
    const sweeps::WorkPlan plan = sweeps::make_work_plan(
        source.sweep, catalog, std::string(coordinator::device_kind({slot})));
    const storage::RunDirectory place(directory);
    const storage::FeatureCache cache(cache_directory(how.cache));
    const storage::RunState left = with_one_trial_left(plan, trial);
    const WorkUnits work = remaining_work(source.sweep, plan, left, cache, place);
    if (work.extractions > 0) {
        cache.require_writable();
    }
    const storage::CacheLease lease(cache.root(), work.feature_keys);
    RunOptions options = how;
    options.dir = directory.string();
    const std::unique_ptr<coordinator::Transport> transport =
        coordinator::make_local_transport(supervisor_options(options, {slot}, 0));
    ReplayedTrial replayed;
    replayed.training_key = work.meanings.back().key;
    replayed.result = run(work, *transport, "replay");
    replayed.scores = place.scores_file(replayed.training_key);
    return replayed;
}

}  // namespace harrow::cli
