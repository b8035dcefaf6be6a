#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "storage/journal.hpp"
#include "storage/journal_records.hpp"
#include "storage/results.hpp"

namespace harrow::storage {

struct FailedTrial {
    std::string state, message;
    UnitKind kind = UnitKind::Training;
    std::string key;  ///< of the unit that failed; empty: it was cancelled before it ran
    int attempt = 1;
};

/// One attempt that ended without result. The last lines of its stderr are in the record.
struct FailedAttempt {
    std::uint64_t record = 0;  ///< sequence number; parse_record(records[record - 1])
    int attempt = 1;
    std::string state, message;
    bool final = false;
    int signal = 0, exit_code = 0;
    std::int64_t peak_rss_bytes = 0;
    std::string slot, host, time;
};

struct WorkCounters {
    std::int64_t extractions = 0;  ///< completed, each time it was done
    std::int64_t trainings = 0;
    std::int64_t trials = 0;           ///< trials that got rows
    std::int64_t failed_attempts = 0;  ///< of any unit, final or not
};

struct SessionState {
    SessionStartRecord start;
    std::optional<SessionEndRecord> end;  ///< missing: alive, or killed
    WorkCounters work;
    std::vector<LostRankRecord> lost_ranks;
    std::vector<LostSlotRecord> lost_slots;
    std::int64_t lost_workers = 0;  ///< that had no unit in hand
};

struct RunningUnit {
    UnitKind kind = UnitKind::Training;
    int attempt = 1;
    std::string slot, host;
    std::string started;                   ///< UTC; empty in older journals
    std::string label;                     ///< for people; empty in older journals
    std::vector<std::string> trials;       ///< that wait for it
    std::optional<ResumedRecord> resumed;  ///< where this attempt went on
    /// The newest on disk, be it of an earlier attempt.
    std::optional<CheckpointRecord> checkpoint;
};

/// What a finished trial cost, as far as the journal knows.
struct TrialSpend {
    /// Null: not known. Trials of one training share it.
    std::shared_ptr<const sweeps::TrainingCost> training;
    std::optional<double> score_seconds;
};

constexpr std::size_t kKeptAttempts = 10;

/// What the journal proves, at the end of its records.
struct RunState {
    std::optional<SweepRecord> sweep;  ///< of the last `sweep` or `extended`; none: not begun
    std::vector<CellRecord> cells;     ///< all cells, in order of first appearance, names fixed
    std::map<std::string, TrialRows> finished;  ///< by trial id
    /// By trial id: ended for good and not finished. State "cancelled": by the user, stays so.
    std::map<std::string, FailedTrial> failed;
    /// Training keys with a `trained` record; whether the scores file is still there is for the
    /// caller to look.
    std::set<std::string> trained;
    std::set<std::string> extracted;             ///< feature keys
    std::map<std::string, int> attempts;         ///< by unit key: highest attempt started
    std::map<std::string, RunningUnit> running;  ///< by unit key: started in the last session, open
    /// By training key: the newest checkpoint of what is not trained yet.
    std::map<std::string, CheckpointRecord> checkpoints;
    /// By unit key: its last kKeptAttempts failures, oldest first.
    std::map<std::string, std::vector<FailedAttempt>> failed_attempts;
    std::map<std::string, double> seconds;         ///< by unit key: the attempt that finished
    std::map<std::string, std::string> trainings;  ///< by finished trial: its training's key
    std::map<std::string, TrialSpend> spent;       ///< by trial id; only where something is known
    std::vector<SessionState> sessions;            ///< in order
    WorkCounters total;

    WorkCounters last_session() const {
        return sessions.empty() ? WorkCounters{} : sessions.back().work;
    }
};

/// Pure. Throws StorageError when the records contradict each other: no `sweep` first, a second
/// one, unknown types.
RunState replay(const std::vector<JournalRecord>& records);

/// The same, one record at a time.
class RunReplay {
public:
    /// `with_units` false: `trained`, `extracted`, `attempts`, `seconds`, `spent` and `trainings` of
    /// the result mean nothing; to follow a hundred thousand trials needs none of them.
    explicit RunReplay(bool with_units = true);
    ~RunReplay();
    RunReplay(const RunReplay&) = delete;
    RunReplay& operator=(const RunReplay&) = delete;

    void add(const JournalRecord& record);
    const RunState& state() const noexcept;  ///< so far
    RunState take();

private:
    class Applier;
    std::unique_ptr<Applier> applier_;
    bool with_units_;
};

/// Of a journal file. Throws as read_journal and replay do.
RunState read_run_state(const std::filesystem::path& journal, bool with_units = true);

/// Rows of every finished trial with its cell's fixed name, ready for results.csv.
std::vector<ResultRow> result_rows(const RunState& state);
/// Those of one of its cells.
std::vector<ResultRow> result_rows(const RunState& state, const CellRecord& cell);
/// results_to_csv of result_rows, cell by cell.
std::string results_csv(const RunState& state);

}  // namespace harrow::storage
