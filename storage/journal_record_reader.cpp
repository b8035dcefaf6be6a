#include <limits>
#include <optional>
#include <utility>

#include <nlohmann/json.hpp>

#include "storage/journal_records.hpp"
#include "sweeps/error.hpp"

namespace harrow::storage {

namespace {

constexpr std::int64_t kMaxTasks = 100000;  // of a sequence; tables have a column for each

using nlohmann::json;
using sweeps::MetricRow;
using sweeps::StorageError;

// Reading: each function throws with the member's name; parse_record() adds the record's.

const json& member(const json& object, const char* name) {
    const auto found = object.find(name);
    if (!object.is_object() || found == object.end()) {
        throw StorageError(std::string("'") + name + "' is missing");
    }
    return *found;
}

[[noreturn]] void wrong_type(const char* name, const char* expected) {
    throw StorageError(std::string("'") + name + "' must be " + expected);
}

std::string text(const json& object, const char* name) {
    const json& value = member(object, name);
    return value.is_string() ? value.get<std::string>() : (wrong_type(name, "text"), "");
}

/// Empty when the member is not there, as in journals of an older Harrow.
std::string optional_text(const json& object, const char* name) {
    return object.contains(name) ? text(object, name) : "";
}

std::int64_t integer(const json& object, const char* name) {
    const json& value = member(object, name);
    if (!value.is_number_integer() ||
        (value.is_number_unsigned() &&
         value.get<std::uint64_t>() >
             static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))) {
        wrong_type(name, "an integer");
    }
    return value.get<std::int64_t>();
}

int small_integer(const json& object, const char* name) {
    const std::int64_t value = integer(object, name);
    if (value < 0 || value > std::numeric_limits<int>::max()) {
        wrong_type(name, "a small count");
    }
    return static_cast<int>(value);
}

/// 0 when the member is not there.
int optional_small_integer(const json& object, const char* name) {
    return object.contains(name) ? small_integer(object, name) : 0;
}

double real(const json& object, const char* name) {
    const json& value = member(object, name);
    if (!value.is_number()) {
        wrong_type(name, "a number");
    }
    return value.get<double>();
}

bool boolean(const json& object, const char* name) {
    const json& value = member(object, name);
    if (!value.is_boolean()) {
        wrong_type(name, "true or false");
    }
    return value.get<bool>();
}

const json& list(const json& object, const char* name) {
    const json& value = member(object, name);
    if (!value.is_array()) {
        wrong_type(name, "a list");
    }
    return value;
}

std::vector<std::string> texts(const json& object, const char* name) {
    std::vector<std::string> values;
    for (const json& value : list(object, name)) {
        if (!value.is_string()) {
            wrong_type(name, "a list of texts");
        }
        values.push_back(value.get<std::string>());
    }
    return values;
}

std::vector<std::string> optional_texts(const json& object, const char* name) {
    return object.contains(name) ? texts(object, name) : std::vector<std::string>();
}

UnitKind unit_kind(const json& object) {
    const std::string kind = text(object, "kind");
    if (kind != "extraction" && kind != "training") {
        wrong_type("kind", "extraction or training");
    }
    return kind == "extraction" ? UnitKind::Extraction : UnitKind::Training;
}

PublishedValue published_from(const json& value) {
    if (!value.is_array() || value.size() < 3 || value.size() > 4 || !value[0].is_string() ||
        !value[1].is_string() || !value[2].is_number() ||
        (value.size() == 4 && !value[3].is_number())) {
        wrong_type("published", "lists of class, metric, value and perhaps a standard deviation");
    }
    PublishedValue published{
        value[0].get<std::string>(), value[1].get<std::string>(), value[2].get<double>()};
    if (value.size() == 4) {
        published.std = value[3].get<double>();
    }
    return published;
}

std::map<std::string, std::string> settings_from(const json& object) {
    std::map<std::string, std::string> settings;
    for (const auto& [name, value] : object.items()) {
        settings[name] = text(object, name.c_str());
    }
    return settings;
}

CellRecord cell_from(const json& object) {
    CellRecord cell{text(object, "id"),
                    text(object, "name"),
                    texts(object, "names"),
                    texts(object, "tags"),
                    {},
                    text(object, "config"),
                    text(object, "label"),
                    text(object, "data_root"),
                    optional_text(object, "weights"),
                    optional_text(object, "weights_digest"),
                    optional_text(object, "data_digest")};
    if (object.contains("settings")) {
        cell.settings = settings_from(member(object, "settings"));
    }
    if (object.contains("published")) {
        for (const json& value : list(object, "published")) {
            cell.published.push_back(published_from(value));
        }
    }
    for (const json& seed : list(object, "seeds")) {
        if (!seed.is_number_unsigned()) {
            wrong_type("seeds", "a list of integers from 0");
        }
        cell.seeds.push_back(seed.get<std::uint64_t>());
    }
    return cell;
}

sweeps::Objective objective_from(const json& object) {
    const std::string goal = text(object, "goal");
    if (goal != "maximize" && goal != "minimize") {
        wrong_type("goal", "maximize or minimize");
    }
    return {text(object, "metric"),
            goal == "maximize" ? sweeps::Goal::Maximize : sweeps::Goal::Minimize,
            texts(object, "subject_to")};
}

SweepRecord sweep_from(const json& object) {
    SweepRecord sweep;
    sweep.harrow_version = text(object, "harrow_version");
    sweep.build = text(object, "build");
    sweep.name = text(object, "name");
    sweep.text = text(object, "text");
    sweep.file = text(object, "file");
    sweep.base_directory = text(object, "base_directory");
    sweep.overrides = texts(object, "overrides");
    sweep.objective = objective_from(member(object, "objective"));
    for (const json& cell : list(object, "cells")) {
        sweep.cells.push_back(cell_from(cell));
    }
    sweep.trials = integer(object, "trials");
    if (object.contains("compare")) {
        const json& compare = member(object, "compare");
        sweep.compare = sweeps::Compare{text(compare, "baseline"),
                                        texts(compare, "same"),
                                        text(compare, "test"),
                                        text(compare, "adjust")};
    }
    sweep.tables = object.contains("tables") ? text(object, "tables") : "";
    sweep.imported = object.contains("imported") && boolean(object, "imported");
    return sweep;
}

MetricRow row_from(const json& row) {
    if (!row.is_array() || row.size() != 5 || !row[0].is_number_integer() || !row[1].is_string() ||
        !row[2].is_string() || !row[3].is_string() || !row[4].is_number()) {
        wrong_type("rows", "lists of after_task, class, routing, metric and value");
    }
    const auto after_task = row[0].get<std::int64_t>();
    if (after_task < 0 || after_task >= kMaxTasks) {
        wrong_type("rows", "lists whose first member is the number of a task");
    }
    return {static_cast<int>(after_task),
            row[1].get<std::string>(),
            row[2].get<std::string>(),
            row[3].get<std::string>(),
            row[4].get<double>()};
}

FinishedRecord finished_from(const json& object) {
    FinishedRecord finished;
    finished.training_key = text(object, "training_key");
    for (const json& entry : list(object, "trials")) {
        TrialRows trial;
        trial.trial = text(entry, "trial");
        for (const json& row : list(entry, "rows")) {
            trial.rows.push_back(row_from(row));
        }
        trial.notes = texts(entry, "notes");
        finished.trials.push_back(std::move(trial));
    }
    if (object.contains("score_seconds")) {
        finished.score_seconds = real(object, "score_seconds");
    }
    return finished;
}

TrainedRecord trained_from(const json& object) {
    TrainedRecord trained{text(object, "training_key"),
                          real(object, "seconds"),
                          text(object, "slot"),
                          small_integer(object, "attempt")};
    if (object.contains("cost")) {
        trained.cost = sweeps::training_cost_from_json(member(object, "cost").dump());
        if (!trained.cost) {
            wrong_type("cost", "an object that says what the training cost");
        }
    }
    return trained;
}

template <typename Record>
void read_death(const json& object, Record& record) {
    record.signal = optional_small_integer(object, "signal");
    record.exit_code = optional_small_integer(object, "exit_code");
    record.peak_rss_bytes =
        object.contains("peak_rss_bytes") ? integer(object, "peak_rss_bytes") : 0;
    record.stderr_tail = optional_text(object, "stderr");
    record.time = optional_text(object, "time");
}

FailedRecord failed_from(const json& object) {
    FailedRecord failed;
    failed.kind = unit_kind(object);
    failed.key = text(object, "key");
    failed.attempt = small_integer(object, "attempt");
    failed.state = text(object, "state");
    failed.message = text(object, "message");
    failed.final = boolean(object, "final");
    failed.trials = texts(object, "trials");
    failed.slot = optional_text(object, "slot");
    failed.host = optional_text(object, "host");
    read_death(object, failed);
    return failed;
}

LostWorkerRecord lost_worker_from(const json& object) {
    LostWorkerRecord lost;
    lost.slot = text(object, "slot");
    lost.host = text(object, "host");
    lost.reason = text(object, "reason");
    read_death(object, lost);
    return lost;
}

SessionStartRecord session_start_from(const json& object) {
    return {text(object, "host"),
            integer(object, "pid"),
            small_integer(object, "ranks"),
            small_integer(object, "slots"),
            text(object, "time"),
            object.contains("device") ? text(object, "device") : "cpu",
            optional_text(object, "build"),
            object.contains("threads") ? small_integer(object, "threads") : 0};
}

CheckpointRecord checkpoint_from(const json& object) {
    return {text(object, "key"),
            small_integer(object, "attempt"),
            small_integer(object, "task"),
            small_integer(object, "epoch"),
            integer(object, "bytes"),
            optional_text(object, "time")};
}

/// The records about units at work.
std::optional<RecordData> work_record_from(const std::string& type, const json& data) {
    if (type == "started") {
        return StartedRecord{unit_kind(data),
                             text(data, "key"),
                             small_integer(data, "attempt"),
                             text(data, "slot"),
                             text(data, "host"),
                             optional_text(data, "time"),
                             optional_text(data, "label"),
                             optional_texts(data, "trials")};
    }
    if (type == "checkpoint") {
        return checkpoint_from(data);
    }
    if (type == "resumed") {
        return ResumedRecord{text(data, "key"),
                             small_integer(data, "attempt"),
                             small_integer(data, "task"),
                             small_integer(data, "epoch"),
                             optional_text(data, "time")};
    }
    if (type == "extracted") {
        return ExtractedRecord{text(data, "feature_key"),
                               integer(data, "images"),
                               real(data, "seconds"),
                               text(data, "slot"),
                               small_integer(data, "attempt")};
    }
    if (type == "trained") {
        return trained_from(data);
    }
    if (type == "finished") {
        return finished_from(data);
    }
    if (type == "failed") {
        return failed_from(data);
    }
    return std::nullopt;
}

/// The records about what a run lost.
std::optional<RecordData> loss_record_from(const std::string& type, const json& data) {
    if (type == "lost_rank") {
        return LostRankRecord{small_integer(data, "rank"),
                              text(data, "host"),
                              text(data, "reason"),
                              optional_text(data, "time")};
    }
    if (type == "lost_worker") {
        return lost_worker_from(data);
    }
    if (type == "lost_slot") {
        return LostSlotRecord{text(data, "slot"),
                              text(data, "host"),
                              text(data, "reason"),
                              optional_text(data, "time")};
    }
    return std::nullopt;
}

RecordData data_from(const std::string& type, const json& data) {
    if (std::optional<RecordData> work = work_record_from(type, data)) {
        return std::move(*work);
    }
    if (type == "sweep") {
        return sweep_from(data);
    }
    if (type == "extended") {
        return ExtendedRecord{sweep_from(data)};
    }
    if (type == "cancelled") {
        return CancelledRecord{
            texts(data, "trials"), text(data, "by"), optional_text(data, "time")};
    }
    if (type == "retried") {
        return RetriedRecord{texts(data, "trials"), text(data, "by"), optional_text(data, "time")};
    }
    if (std::optional<RecordData> loss = loss_record_from(type, data)) {
        return std::move(*loss);
    }
    if (type == "session_start") {
        return session_start_from(data);
    }
    if (type == "session_end") {
        return SessionEndRecord{
            text(data, "outcome"), text(data, "time"), optional_text(data, "reason")};
    }
    throw StorageError("its type is unknown to this Harrow; use the version that wrote it");
}

}  // namespace

RecordData parse_record(const JournalRecord& record) {
    try {
        const json data = json::parse(record.json, nullptr, false);
        if (!data.is_object()) {
            throw StorageError("its data is no JSON object");
        }
        return data_from(record.type, data);
    } catch (const StorageError& reason) {
        throw StorageError("journal record " + std::to_string(record.seq) + " (" + record.type +
                           ") cannot be used: " + reason.what());
    }
}

}  // namespace harrow::storage
