#include "storage/run_state.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <tuple>
#include <utility>

#include "sweeps/error.hpp"

namespace harrow::storage {

namespace {

using sweeps::StorageError;

constexpr const char* kCancelled = "cancelled";

/// Applies records one by one; one function per type.
class Replay {
public:
    const RunState& state() const noexcept { return state_; }
    RunState take() { return std::move(state_); }

    /// What is known of units alone.
    void forget_units() {
        state_.trained.clear();
        state_.extracted.clear();
        state_.attempts.clear();
        state_.seconds.clear();
        state_.spent.clear();
        training_costs_.clear();
        state_.trainings.clear();
    }

    void operator()(const SweepRecord& sweep) {
        if (state_.sweep) {
            throw StorageError("a second 'sweep' record; a changed sweep is an 'extended' one");
        }
        set_sweep(sweep);
    }

    void operator()(const ExtendedRecord& extended) { set_sweep(extended.sweep); }

    void operator()(const StartedRecord& started) {
        int& attempts = state_.attempts[started.key];
        attempts = std::max(attempts, started.attempt);
        RunningUnit unit{started.kind,
                         started.attempt,
                         started.slot,
                         started.host,
                         started.time,
                         started.label,
                         started.trials,
                         std::nullopt,
                         std::nullopt};
        const auto checkpoint = state_.checkpoints.find(started.key);
        if (checkpoint != state_.checkpoints.end()) {
            unit.checkpoint = checkpoint->second;
        }
        state_.running[started.key] = std::move(unit);
        forget_failures(started.key);
    }

    void operator()(const CheckpointRecord& checkpoint) {
        state_.checkpoints[checkpoint.key] = checkpoint;
        const auto running = state_.running.find(checkpoint.key);
        if (running != state_.running.end()) {
            running->second.checkpoint = checkpoint;
        }
    }

    void operator()(const ResumedRecord& resumed) {
        const auto running = state_.running.find(resumed.key);
        if (running != state_.running.end()) {
            running->second.resumed = resumed;
        }
    }

    void operator()(const ExtractedRecord& extracted) {
        state_.seconds[extracted.feature_key] = extracted.seconds;
        state_.extracted.insert(extracted.feature_key);
        state_.running.erase(extracted.feature_key);
        count(&WorkCounters::extractions, 1);
    }

    void operator()(const TrainedRecord& trained) {
        state_.trained.insert(trained.training_key);
        state_.seconds[trained.training_key] = trained.seconds;
        state_.checkpoints.erase(trained.training_key);
        training_costs_.erase(trained.training_key);
        if (trained.cost) {
            training_costs_[trained.training_key] =
                std::make_shared<const sweeps::TrainingCost>(*trained.cost);
        }
        count(&WorkCounters::trainings, 1);
    }

    void operator()(const FinishedRecord& finished) {
        const auto cost = training_costs_.find(finished.training_key);
        const TrialSpend spend{cost == training_costs_.end() ? nullptr : cost->second,
                               finished.score_seconds};
        for (const TrialRows& trial : finished.trials) {
            state_.spent.erase(trial.trial);
            if (spend.training || spend.score_seconds) {
                state_.spent[trial.trial] = spend;
            }
            if (state_.finished.insert_or_assign(trial.trial, trial).second) {
                count(&WorkCounters::trials, 1);
            }
            state_.failed.erase(trial.trial);
            state_.trainings[trial.trial] = finished.training_key;
        }
        state_.running.erase(finished.training_key);
    }

    void operator()(const FailedRecord& failed) {
        count(&WorkCounters::failed_attempts, 1);
        state_.running.erase(failed.key);
        keep_attempt(failed);
        for (const std::string& trial : failed.trials) {
            if (failed.final && state_.finished.count(trial) == 0 && !is_cancelled(trial)) {
                state_.failed[trial] = {
                    failed.state, failed.message, failed.kind, failed.key, failed.attempt};
                note_failure(failed.key, trial);
            }
        }
    }

    void operator()(const CancelledRecord& cancelled) {
        for (const std::string& trial : cancelled.trials) {
            if (state_.finished.count(trial) == 0) {
                state_.failed[trial] = {
                    kCancelled, "cancelled by " + cancelled.by, UnitKind::Training, "", 0};
            }
        }
    }

    void operator()(const RetriedRecord& retried) {
        for (const std::string& trial : retried.trials) {
            state_.failed.erase(trial);
        }
    }

    void operator()(const LostRankRecord& lost) {
        if (!state_.sessions.empty()) {
            state_.sessions.back().lost_ranks.push_back(lost);
        }
    }

    void operator()(const LostWorkerRecord&) {
        if (!state_.sessions.empty()) {
            ++state_.sessions.back().lost_workers;
        }
    }

    void operator()(const LostSlotRecord& lost) {
        if (!state_.sessions.empty()) {
            state_.sessions.back().lost_slots.push_back(lost);
        }
    }

    void operator()(const SessionStartRecord& start) {
        state_.running.clear();  // what an earlier session left open died with it
        state_.sessions.push_back({start, std::nullopt, {}, {}, {}, 0});
    }

    void operator()(const SessionEndRecord& end) {
        state_.running.clear();
        if (state_.sessions.empty()) {
            throw StorageError("a 'session_end' without a session");
        }
        state_.sessions.back().end = end;
    }

    void begin(std::uint64_t seq, const RecordData& data) {
        seq_ = seq;
        if (!state_.sweep && !std::holds_alternative<SweepRecord>(data)) {
            throw StorageError("the first record must be a 'sweep'");
        }
    }

private:
    void set_sweep(const SweepRecord& sweep) {
        state_.sweep = sweep;
        for (const CellRecord& cell : sweep.cells) {
            const auto [at, is_new] = cell_numbers_.emplace(cell.id, state_.cells.size());
            if (is_new) {
                state_.cells.push_back(cell);
                continue;
            }
            CellRecord& known = state_.cells[at->second];
            const std::string fixed_name = known.name;
            std::vector<std::uint64_t> seeds = known.seeds;
            for (const std::uint64_t seed : cell.seeds) {
                if (std::find(seeds.begin(), seeds.end(), seed) == seeds.end()) {
                    seeds.push_back(seed);
                }
            }
            known = cell;  // tags and other names are as the sweep now says
            known.name = fixed_name;
            known.seeds = std::move(seeds);
        }
    }

    bool is_cancelled(const std::string& trial) const {
        const auto found = state_.failed.find(trial);
        return found != state_.failed.end() && found->second.state == kCancelled;
    }

    void note_failure(const std::string& key, const std::string& trial) {
        std::vector<std::string>& trials = trials_failed_by_[key];
        if (std::find(trials.begin(), trials.end(), trial) == trials.end()) {
            trials.push_back(trial);
        }
    }

    /// Tried again: what its trials failed of no longer stands; those cancelled stay so.
    void forget_failures(const std::string& key) {
        const auto found = trials_failed_by_.find(key);
        if (found == trials_failed_by_.end()) {
            return;
        }
        for (const std::string& trial : found->second) {
            const auto failed = state_.failed.find(trial);
            if (failed != state_.failed.end() && failed->second.key == key &&
                failed->second.state != kCancelled) {
                state_.failed.erase(failed);
            }
        }
        trials_failed_by_.erase(found);
    }

    void keep_attempt(const FailedRecord& failed) {
        std::vector<FailedAttempt>& kept = state_.failed_attempts[failed.key];
        if (kept.size() == kKeptAttempts) {
            kept.erase(kept.begin());
        }
        kept.push_back({seq_,
                        failed.attempt,
                        failed.state,
                        failed.message,
                        failed.final,
                        failed.signal,
                        failed.exit_code,
                        failed.peak_rss_bytes,
                        failed.slot,
                        failed.host,
                        failed.time});
    }

    void count(std::int64_t WorkCounters::*member, std::int64_t amount) {
        state_.total.*member += amount;
        if (!state_.sessions.empty()) {
            state_.sessions.back().work.*member += amount;
        }
    }

    RunState state_;
    std::map<sweeps::Digest, std::size_t> cell_numbers_;  ///< where a cell is in state_.cells
    std::uint64_t seq_ = 0;                               ///< of the record being applied
    /// By training key; trials may be scored from it in a later session.
    std::map<std::string, std::shared_ptr<const sweeps::TrainingCost>> training_costs_;
    /// So that a start looks at its own trials only.
    std::map<std::string, std::vector<std::string>> trials_failed_by_;
};

void append_rows(const std::string& id,
                 const TrialRows& trial,
                 const std::string& cell_name,
                 std::vector<ResultRow>& rows) {
    const std::size_t dot = id.rfind(".s");
    std::uint64_t seed = 0;
    if (dot == std::string::npos ||
        std::from_chars(id.data() + dot + 2, id.data() + id.size(), seed).ptr !=
            id.data() + id.size()) {
        throw StorageError("trial '" + id + "' of the journal is not <cell>.s<seed>");
    }
    for (const sweeps::MetricRow& row : trial.rows) {
        rows.push_back({id,
                        id.substr(0, dot),
                        cell_name,
                        seed,
                        row.after_task,
                        row.class_name,
                        row.routing,
                        row.metric,
                        row.value});
    }
}

}  // namespace

class RunReplay::Applier : public Replay {};

RunReplay::RunReplay(bool with_units)
    : applier_(std::make_unique<Applier>()), with_units_(with_units) {}
RunReplay::~RunReplay() = default;

void RunReplay::add(const JournalRecord& record) {
    constexpr std::uint64_t kForgetEvery = 1000;
    const RecordData data = parse_record(record);
    try {
        applier_->begin(record.seq, data);
        std::visit(static_cast<Replay&>(*applier_), data);
    } catch (const StorageError& reason) {
        throw StorageError("journal record " + std::to_string(record.seq) +
                           " does not follow from those before it: " + reason.what());
    }
    if (!with_units_ && record.seq % kForgetEvery == 0) {
        applier_->forget_units();
    }
}

const RunState& RunReplay::state() const noexcept {
    return applier_->state();
}

RunState RunReplay::take() {
    return applier_->take();
}

RunState replay(const std::vector<JournalRecord>& records) {
    RunReplay replay;
    for (const JournalRecord& record : records) {
        replay.add(record);
    }
    return replay.take();
}

RunState read_run_state(const std::filesystem::path& journal, bool with_units) {
    RunReplay replay(with_units);
    visit_journal(journal, [&](const JournalRecord& record) { replay.add(record); });
    return replay.take();
}

std::vector<ResultRow> result_rows(const RunState& state, const CellRecord& cell) {
    std::vector<ResultRow> rows;
    const std::string prefix = cell.id + ".s";
    for (auto at = state.finished.lower_bound(prefix);
         at != state.finished.end() && at->first.compare(0, prefix.size(), prefix) == 0;
         ++at) {
        append_rows(at->first, at->second, cell.name, rows);
    }
    return rows;
}

std::string results_csv(const RunState& state) {
    std::vector<const CellRecord*> cells;
    for (const CellRecord& cell : state.cells) {
        cells.push_back(&cell);
    }
    std::sort(cells.begin(), cells.end(), [](const CellRecord* a, const CellRecord* b) {
        return std::tie(a->name, a->id) < std::tie(b->name, b->id);
    });
    std::string text = results_to_csv({});
    const std::size_t header = text.size();
    for (const CellRecord* cell : cells) {
        text += std::string_view(results_to_csv(result_rows(state, *cell))).substr(header);
    }
    return text;
}

std::vector<ResultRow> result_rows(const RunState& state) {
    std::map<std::string, std::string> names;
    for (const CellRecord& cell : state.cells) {
        names[cell.id] = cell.name;
    }
    std::vector<ResultRow> rows;
    for (const auto& [id, trial] : state.finished) {
        append_rows(id, trial, names[id.substr(0, id.rfind(".s"))], rows);
    }
    return rows;
}

}  // namespace harrow::storage
