#include "cli/run_session.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <set>
#include <string_view>

#include <sys/ioctl.h>
#include <unistd.h>

#include "analysis/report_terminal.hpp"
#include "build_info.hpp"
#include "cli/own_results.hpp"
#include "cli/quantities.hpp"
#include "cli/report_source.hpp"
#include "cli/run_files.hpp"
#include "cli/run_journal.hpp"
#include "cli/run_limits.hpp"
#include "cli/run_requests.hpp"
#include "cli/run_slots.hpp"
#include "cli/signals.hpp"
#include "cli/sweep_changes.hpp"
#include "coordinator/device_slots.hpp"
#include "coordinator/launch_environment.hpp"
#include "storage/cache_lease.hpp"
#include "storage/directory_lock.hpp"
#include "storage/journal_records.hpp"
#include "sweeps/backbones.hpp"
#include "sweeps/canonical.hpp"
#include "sweeps/hashing.hpp"
#include "sweeps/keys.hpp"
#include "sweeps/parameters.hpp"
#include "sweeps/sweep_weights.hpp"

namespace harrow::cli {
namespace {

using sweeps::ExitCode;

constexpr int kDefaultTableWidth = 100;

/// Columns of the terminal standard output goes to.
int terminal_width() {
    winsize size = {};
    return ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col
                                                                             : kDefaultTableWidth;
}

storage::SweepRecord sweep_record(const SweepSource& source,
                                  const sweeps::WorkPlan& plan,
                                  sweeps::InputCatalog& catalog) {
    storage::SweepRecord record;
    record.harrow_version = version();
    record.build = build_id();
    record.name = source.sweep.name;
    record.text = source.sweep.text;
    record.file = source.sweep.file;
    record.base_directory = source.base_directory;
    record.overrides = source.overrides;
    record.objective = source.sweep.objective;
    record.compare = source.sweep.compare;
    record.tables = source.sweep.tables_text;
    for (const sweeps::Cell& cell : source.sweep.cells) {
        const bool has_data = sweeps::uses_data(cell.config);
        const sweeps::BackboneConfig backbone =
            has_data ? cell.config.backbone : sweeps::BackboneConfig();
        record.cells.push_back(
            {cell.id,
             cell.name,
             cell.names,
             cell.tags,
             cell.seeds,
             sweeps::canonical_text(cell.config),
             cell.labels.empty() ? "" : cell.labels.front(),
             has_data ? absolute_path(cell.config.data.root) : "",
             sweeps::needs_weights(backbone) ? absolute_path(backbone.weights) : "",
             sweeps::weights_digest(backbone, catalog),
             has_data ? sweeps::data_digest(cell.tasks,
                                            catalog.describe(cell.config.data.layout,
                                                             cell.config.data.root,
                                                             cell.config.data.classes))
                      : ""});
    }
    record.trials = static_cast<std::int64_t>(plan.trials.size());
    return record;
}

/// What children print goes to DIR/logs/rank-<k>.log, once the run directory is one; a failure's
/// last lines are in the journal as well.
void log_child_line(const std::filesystem::path& file,
                    const std::string& slot,
                    const std::string& key,
                    std::string_view line) {
    std::error_code ignored;
    const std::filesystem::path run = file.parent_path().parent_path();
    if (!std::filesystem::exists(run / "journal.jsonl", ignored)) {
        return;
    }
    std::filesystem::create_directory(file.parent_path(), ignored);
    std::ofstream(file, std::ios::app) << slot << " " << key.substr(0, 8) << " " << line << "\n";
}

}  // namespace

std::string worker_program() {
    std::error_code error;
    const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
    const std::filesystem::path worker = self.parent_path() / "harrow-worker";
    if (error || !std::filesystem::exists(worker)) {
        throw sweeps::Error(ExitCode::Infrastructure,
                            "harrow-worker was not found beside " + self.string() +
                                "; build or install both programs into one directory");
    }
    return worker.string();
}

std::string sweep_digest(const sweeps::WorkPlan& plan) {
    sweeps::Hasher hasher;
    for (const sweeps::PlannedTrial& trial : plan.trials) {
        hasher.update(trial.id).update("\n");
    }
    return hasher.digest();
}

coordinator::SupervisorOptions supervisor_options(const RunOptions& options,
                                                  std::vector<coordinator::SlotSpec> slots,
                                                  int rank) {
    coordinator::SupervisorOptions supervisor;
    supervisor.worker_program = worker_program();
    supervisor.build_id = build_id();
    supervisor.cache_root = cache_directory(options.cache).string();
    if (!options.resident.empty()) {
        supervisor.resident_bytes = static_cast<std::int64_t>(parse_size(options.resident));
    }
    if (!options.max_rss.empty()) {
        supervisor.max_rss_bytes = static_cast<std::int64_t>(parse_size(options.max_rss));
    }
    supervisor.hang_limit = std::chrono::milliseconds(std::llround(options.hang_limit_s * 1000.0));
    supervisor.slots = std::move(slots);
    const std::filesystem::path log =
        std::filesystem::absolute(options.dir) / "logs" / ("rank-" + std::to_string(rank) + ".log");
    supervisor.log_sink = [log](const std::string& slot,
                                const std::string& key,
                                std::string_view line) { log_child_line(log, slot, key, line); };
    return supervisor;
}

RunSession::RunSession(const RunOptions& options,
                       SweepSource source,
                       DiskCatalog& catalog,
                       const sweeps::WorkPlan& plan)
    : options_(options),
      source_(std::move(source)),
      catalog_(catalog),
      plan_(plan),
      directory_(options.dir),
      cache_(cache_directory(options.cache)) {}

storage::RunState RunSession::read_state() const {
    return storage::read_run_state(directory_.journal_file(), false);
}

void RunSession::reconcile(storage::Journal& journal) {
    const storage::SweepRecord wanted = sweep_record(source_, plan_, catalog_);
    if (!state_.sweep) {
        storage::append_record(journal, wanted);
    } else {
        const SweepChanges changes = compare_sweeps(state_, wanted);
        refuse_unless_allowed(changes);
        std::map<sweeps::Digest, std::string> names;
        for (const storage::CellRecord& cell : state_.cells) {
            names[cell.id] = cell.name;
        }
        sweeps::keep_names(source_.sweep, names);
        if (!changes.same_trials() || changes.description) {
            storage::append_record(journal,
                                   storage::ExtendedRecord{sweep_record(source_, plan_, catalog_)});
        }
    }
    journal.commit();
    directory_.publish_sweep(source_.sweep.text);
    directory_.publish_manifest(manifest_json(source_, catalog_, cache_.root().string()));
}

void RunSession::refuse_unless_allowed(const SweepChanges& changes) const {
    const std::string what = directory_.path().string() +
                             " holds another sweep (+ new, - gone, ~ changed):" + changes.text();
    if (!changes.changed.empty() || !changes.dropped.empty()) {
        throw sweeps::UsageError(what +
                                 "\nA run directory keeps its cells: put back what is missing, and "
                                 "images as they were when the run began, or choose another --dir "
                                 "for the changed sweep (features of classes that did not change "
                                 "are cached).");
    }
    if (!changes.added.empty() && !options_.extend) {
        throw sweeps::UsageError(what +
                                 "\nAdd what is new with --extend, or choose another --dir.");
    }
}

void RunSession::refuse_another_device(const Launch& launch) const {
    const std::string_view wanted = coordinator::device_kind(launch.slots);
    const bool computed = !state_.finished.empty() || !state_.trained.empty();
    if (!computed || state_.sessions.empty() || state_.sessions.back().start.device == wanted) {
        return;
    }
    const WorkUnits left = remaining_work(source_.sweep, plan_, state_, cache_, directory_);
    if (left.plan.units.empty()) {
        return;
    }
    const std::string& held = state_.sessions.back().start.device;
    throw sweeps::UsageError(
        directory_.path().string() + " holds trials computed on " + held +
        ", this run would compute the rest on " + std::string(wanted) +
        "; results of both do not belong in one table: continue with --device " + held +
        ", or choose another --dir");
}

void RunSession::announce(const WorkUnits& work, const Launch& launch) const {
    std::cerr << source_.sweep.name << ": " << source_.sweep.cells.size() << " cells, "
              << plan_.trials.size() << " trials (" << work.plan.trials_done_before
              << " done); to do: " << work.trainings << " trainings, " << work.extractions
              << " extractions\n"
              << "run directory " << directory_.path().string() << ", feature cache "
              << cache_.root().string() << "\n"
              << slots_text(launch.slots);
}

ExitCode RunSession::run(const Launch& launch) {
    directory_.prepare();
    storage::RunReplay replay;
    storage::Journal journal =
        storage::Journal::open(directory_.journal_file(),
                               [&](const storage::JournalRecord& record) { replay.add(record); });
    if (!journal.torn_tail().empty()) {
        std::cerr << "journal: " << journal.torn_tail() << "\n";
    }
    if (!journal.lock_note().empty()) {
        std::cerr << journal.lock_note() << "\n";
    }
    state_ = replay.take();
    require_own_results(state_, options_.dir, kNothingToRun);
    failed_before_ = state_.failed;
    refuse_another_device(launch);
    reconcile(journal);
    try {
        return work_off(journal, launch);
    } catch (const storage::LeaseLost&) {
        throw;  // DIR/status is the new owner's
    } catch (const sweeps::Error& error) {
        try {
            publish_status(
                directory_, error.exit_code(), outcome_word(error.exit_code(), stop_cause_));
        } catch (const sweeps::Error&) {
            // The first error is the one to report; a full disk refuses the status file as well.
        }
        throw;
    }
}

ExitCode RunSession::work_off(storage::Journal& journal, const Launch& launch) {
    const auto begin = std::chrono::steady_clock::now();
    std::optional<WorkUnits> work =
        remaining_work(source_.sweep, plan_, state_, cache_, directory_);
    state_ = {};  // a hundred thousand trials are kept once
    const bool nothing_to_do = work->plan.units.empty();
    ExitCode code = ExitCode::Ok;
    if (!nothing_to_do || launch.ranks > 1) {
        if (!nothing_to_do) {
            announce(*work, launch);
        }
        if (work->extractions > 0) {
            cache_.require_writable();
        }
        const storage::CacheLease lease(cache_.root(), work->feature_keys);
        publish_status(directory_, ExitCode::Resumable, "running");
        code = execute(journal, *work, launch);
    }
    work.reset();
    const storage::RunState state = read_state();
    publish_derived_files(directory_, state);
    code = exit_code_of_sweep(code, plan_, state);
    publish_status(directory_, code, outcome_word(code, stop_cause_));
    std::cout << analysis::terminal_table(make_run_report(state, false), terminal_width()) << "\n";
    if (nothing_to_do) {
        const std::size_t finished = finished_of_this_sweep(state);
        std::cout << "nothing to do: " << finished << " of " << plan_.trials.size()
                  << " trials are finished in " << directory_.path().string()
                  << (finished < plan_.trials.size()
                          ? "; the others failed or were cancelled and stay so until harrow retry "
                            "(harrow status says why)"
                          : "")
                  << "\n";
        return code;
    }
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin;
    print_summary(state, coordinator::duration_text(elapsed.count()));
    if (code == ExitCode::Resumable) {
        std::cerr << "stopped early; the same command continues\n";
    }
    return code;
}

ExitCode RunSession::execute(storage::Journal& journal,
                             const WorkUnits& work,
                             const Launch& launch) {
    storage::append_record(
        journal,
        storage::SessionStartRecord{coordinator::node_name(),
                                    ::getpid(),
                                    launch.ranks,
                                    static_cast<int>(launch.slots.size()),
                                    utc_now(),
                                    std::string(coordinator::device_kind(launch.slots)),
                                    build_id(),
                                    options_.threads});
    journal.commit();
    coordinator::ProgressDisplay display(
        stderr, coordinator::ProgressDisplay::stderr_is_terminal(), source_.sweep.name);
    coordinator::RunLimits limits = run_limits(options_);
    RunJournal observer(
        journal, directory_, work, display, {directory_.path(), cache_.root()}, limits);
    RunRequests requests(directory_, journal, work, {plan_, std::move(failed_before_)}, observer);
    limits.requests = [&requests] { return requests.poll(); };
    if (limits.end_time) {
        const auto now = std::chrono::system_clock::now();
        display.line("ends before " + moment_text(*limits.end_time, now));
    }
    const DrainScope drain_on_signals;
    const std::unique_ptr<coordinator::Transport> transport = launch.make_transport();
    const coordinator::RunOutcome outcome =
        coordinator::run_units(work.plan, *transport, observer, limits);
    requests.poll();  // what came last; there is no unit left that it could touch
    display.clear();
    where_time_went_ = observer.time_text();
    stop_cause_ = outcome.cause;
    const ExitCode code = exit_code_of(outcome, observer.failed_trials());
    if (!outcome.reason.empty()) {
        std::cerr << outcome.reason << "\n";
    }
    storage::append_record(
        journal,
        storage::SessionEndRecord{outcome_word(code, stop_cause_), utc_now(), outcome.reason});
    journal.commit();
    return code;
}

std::size_t RunSession::failed_of_this_sweep(const storage::RunState& state) const {
    return static_cast<std::size_t>(std::count_if(
        plan_.trials.begin(), plan_.trials.end(), [&](const sweeps::PlannedTrial& trial) {
            const auto failed = state.failed.find(trial.id);
            return failed != state.failed.end() &&
                   failed->second.state !=
                       coordinator::name_of(coordinator::FailureKind::Cancelled);
        }));
}

std::size_t RunSession::finished_of_this_sweep(const storage::RunState& state) const {
    return static_cast<std::size_t>(std::count_if(
        plan_.trials.begin(), plan_.trials.end(), [&](const sweeps::PlannedTrial& trial) {
            return state.finished.count(trial.id) > 0;
        }));
}

void RunSession::print_summary(const storage::RunState& state, const std::string& duration) const {
    const storage::WorkCounters done = state.last_session();
    std::cout << done.trials << " trials, " << done.trainings << " trainings, " << done.extractions
              << " extractions, " << failed_of_this_sweep(state) << " failed, " << duration << "\n";
    if (plan_.trainings.size() < plan_.trials.size()) {
        std::cout << plan_.trials.size() - plan_.trainings.size()
                  << " trainings saved: trials that differ only in scoring share one\n";
    }
    if (!where_time_went_.empty()) {
        std::cout << where_time_went_ << "\n";
    }
    const std::string dir = directory_.path().string();
    std::cout << "rows: " << dir << "/results.csv   tables: harrow report " << dir
              << " --format md\n";
}

}  // namespace harrow::cli
