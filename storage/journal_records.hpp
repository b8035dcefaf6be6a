#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "storage/journal.hpp"
#include "sweeps/result_row.hpp"
#include "sweeps/sweep.hpp"
#include "sweeps/training_cost.hpp"

/// What the journal's records say. JSON schemas: docs/file-formats.md.
namespace harrow::storage {

/// A value of which only the mean over seeds is known, from a paper or a table.
struct PublishedValue {
    std::string class_name;  ///< or "mean"
    std::string metric;
    double value = 0;
    std::optional<double> std = {};
};

struct CellRecord {
    std::string id;
    std::string name;  ///< fixed from the day it is first written
    std::vector<std::string> names, tags;
    std::vector<std::uint64_t> seeds;
    std::string config = {};     ///< canonical text
    std::string label = {};      ///< how tables call it; empty: its name
    std::string data_root = {};  ///< absolute; where the data was when the sweep was written
    std::string weights = {};    ///< absolute path of the backbone's weights; empty: needs none
    std::string weights_digest = {};  ///< SHA-256 of that file
    /// Hash of the digests of the classes it uses; of an import, what its table calls the data set.
    /// Empty: not known.
    std::string data_digest = {};
    /// Of an import, which has no `config`: settings as its tables have them, dotted names where
    /// they are Harrow's.
    std::map<std::string, std::string> settings = {};
    std::vector<PublishedValue> published = {};  ///< of an import
};

/// `sweep`: the first record; `extended`: the sweep as it is from now on.
struct SweepRecord {
    std::string harrow_version, build;
    std::string name;                    ///< of the sweep
    std::string text;                    ///< the sweep file as written
    std::string file;                    ///< as the user named it, for messages
    std::string base_directory;          ///< absolute; relative paths in `text` start here
    std::vector<std::string> overrides;  ///< as typed
    sweeps::Objective objective;
    std::vector<CellRecord> cells;
    std::int64_t trials = 0;
    std::optional<sweeps::Compare> compare = {};
    std::string tables = {};  ///< tables for papers, one line of YAML; empty: none
    bool imported = false;    ///< results made elsewhere: nothing here can be run
};
struct ExtendedRecord {
    SweepRecord sweep;
};

enum class UnitKind { Extraction, Training };

/// `started`: an attempt at a unit was handed to a slot.
struct StartedRecord {
    UnitKind kind = UnitKind::Training;
    std::string key;  ///< feature key or training key
    int attempt = 1;
    std::string slot, host;
    std::string time = {};   ///< UTC, ISO 8601, here and below; empty in older journals
    std::string label = {};  ///< for people: "main seed 0"; empty in older journals
    std::vector<std::string> trials = {};  ///< that wait for it; none for an extraction
};

/// `checkpoint`: what an attempt at a training has on disk. The next thing to be trained is `epoch`
/// of `task`, both from 0.
struct CheckpointRecord {
    std::string key;
    int attempt = 1;
    int task = 0, epoch = 0;
    std::int64_t bytes = 0;
    std::string time = {};
};

/// `resumed`: an attempt went on from a checkpoint, at `epoch` of `task`.
struct ResumedRecord {
    std::string key;
    int attempt = 1;
    int task = 0, epoch = 0;
    std::string time = {};
};

/// `extracted`: a feature file was published.
struct ExtractedRecord {
    std::string feature_key;
    std::int64_t images = 0;
    double seconds = 0;
    std::string slot;
    int attempt = 1;
};

/// `trained`: patch scores were published under trainings/<key>/.
struct TrainedRecord {
    std::string training_key;
    double seconds = 0;  ///< of the unit: also looking at files, waiting, scoring
    std::string slot;
    int attempt = 1;
    /// Not in older journals, and not when the worker found what a lost attempt had published.
    std::optional<sweeps::TrainingCost> cost = {};
};

struct TrialRows {
    std::string trial;
    std::vector<sweeps::MetricRow> rows;  ///< values are finite
    std::vector<std::string> notes;       ///< why a value is undefined, …
};

/// `finished`: trials whose rows are complete.
struct FinishedRecord {
    std::string training_key;
    std::vector<TrialRows> trials;
    /// What metrics from patch scores took, by trial: an equal share of what was scored together.
    std::optional<double> score_seconds = {};
};

/// `failed`: an attempt ended without result.
struct FailedRecord {
    UnitKind kind = UnitKind::Training;
    std::string key;
    int attempt = 1;
    std::string state;  ///< bad_data, diverged, invalid_scores, crashed, lost, …
    std::string message;
    bool final = false;               ///< no further attempt follows in this session
    std::vector<std::string> trials;  ///< that fail with it; meaningful when final
    std::string slot = {}, host = {};
    int signal = 0, exit_code = 0;    ///< of a child that died
    std::int64_t peak_rss_bytes = 0;  ///< of a child that died
    std::string stderr_tail = {};     ///< its last 200 lines
    std::string time = {};
};

/// `cancelled`: the user took these trials out of the sweep. They stay out until they are retried.
struct CancelledRecord {
    std::vector<std::string> trials;
    std::string by;  ///< "user@host"
    std::string time = {};
};

/// `retried`: the user wants these trials to be run again.
struct RetriedRecord {
    std::vector<std::string> trials;
    std::string by;
    std::string time = {};
};

/// `lost_rank`: a rank of this session fell silent; its work went to others.
struct LostRankRecord {
    int rank = 0;
    std::string host;
    std::string reason;
    std::string time = {};
};

/// `lost_worker`: a child died that had no unit in hand.
struct LostWorkerRecord {
    std::string slot, host;
    std::string reason;
    int signal = 0, exit_code = 0;
    std::int64_t peak_rss_bytes = 0;
    std::string stderr_tail = {};
    std::string time = {};
};

/// `lost_slot`: its children died before they were ready; no more work goes there.
struct LostSlotRecord {
    std::string slot, host;
    std::string reason;
    std::string time = {};
};

/// `session_start` and `session_end`: one life of a coordinator.
struct SessionStartRecord {
    std::string host;
    std::int64_t pid = 0;
    int ranks = 1;
    int slots = 1;
    std::string time;            ///< UTC, ISO 8601
    std::string device = "cpu";  ///< kind of its slots: "cpu" or "cuda"
    std::string build = {};      ///< empty in older journals
    int threads = 0;             ///< per slot; 0: not known
};
struct SessionEndRecord {
    /// "done", "failed", "drained" (on a signal), "time_limit", "stopped" (at once),
    /// "infrastructure_lost"
    std::string outcome;
    std::string time;
    std::string reason = {};  ///< one line for people; may be empty
};

using RecordData = std::variant<SweepRecord,
                                ExtendedRecord,
                                StartedRecord,
                                ExtractedRecord,
                                TrainedRecord,
                                FinishedRecord,
                                FailedRecord,
                                CheckpointRecord,
                                ResumedRecord,
                                CancelledRecord,
                                RetriedRecord,
                                LostRankRecord,
                                LostWorkerRecord,
                                LostSlotRecord,
                                SessionStartRecord,
                                SessionEndRecord>;

/// Name of the record's type in the journal.
std::string record_type(const RecordData& data);
/// One line of JSON. Throws StorageError when a number is not finite.
std::string record_json(const RecordData& data);
/// Inverse. Members it does not know are ignored. Throws StorageError naming the record's sequence
/// number for a type it does not know and for a member that is missing or of the wrong type.
RecordData parse_record(const JournalRecord& record);

/// Queues `data`; durable after journal.commit().
void append_record(Journal& journal, const RecordData& data);

}  // namespace harrow::storage
