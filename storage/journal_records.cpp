#include "storage/journal_records.hpp"

#include <cmath>
#include <limits>
#include <utility>

#include <nlohmann/json.hpp>

#include "sweeps/error.hpp"

namespace harrow::storage {

namespace {

using nlohmann::json;
using sweeps::MetricRow;
using sweeps::StorageError;

template <typename... Cases>
struct Overloaded : Cases... {
    using Cases::operator()...;
};
template <typename... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;

double finite(double value) {
    if (!std::isfinite(value)) {
        throw StorageError("a journal record cannot hold a number that is not finite");
    }
    return value;
}

const char* text_of(UnitKind kind) {
    return kind == UnitKind::Extraction ? "extraction" : "training";
}

json to_json(const CellRecord& cell) {
    json object = {{"id", cell.id},
                   {"name", cell.name},
                   {"names", cell.names},
                   {"tags", cell.tags},
                   {"seeds", cell.seeds},
                   {"config", cell.config},
                   {"label", cell.label},
                   {"data_root", cell.data_root}};
    if (!cell.weights.empty()) {
        object["weights"] = cell.weights;
        object["weights_digest"] = cell.weights_digest;
    }
    return object;
}

json to_json(const sweeps::Objective& objective) {
    return {{"metric", objective.metric},
            {"goal", objective.goal == sweeps::Goal::Maximize ? "maximize" : "minimize"},
            {"subject_to", objective.subject_to}};
}

json to_json(const SweepRecord& sweep) {
    json cells = json::array();
    for (const CellRecord& cell : sweep.cells) {
        cells.push_back(to_json(cell));
    }
    return {{"harrow_version", sweep.harrow_version},
            {"build", sweep.build},
            {"name", sweep.name},
            {"text", sweep.text},
            {"file", sweep.file},
            {"base_directory", sweep.base_directory},
            {"overrides", sweep.overrides},
            {"objective", to_json(sweep.objective)},
            {"cells", std::move(cells)},
            {"trials", sweep.trials}};
}

json to_json(const StartedRecord& started) {
    return {{"kind", text_of(started.kind)},
            {"key", started.key},
            {"attempt", started.attempt},
            {"slot", started.slot},
            {"host", started.host}};
}

json to_json(const ExtractedRecord& extracted) {
    return {{"feature_key", extracted.feature_key},
            {"images", extracted.images},
            {"seconds", finite(extracted.seconds)},
            {"slot", extracted.slot},
            {"attempt", extracted.attempt}};
}

json to_json(const TrainedRecord& trained) {
    return {{"training_key", trained.training_key},
            {"seconds", finite(trained.seconds)},
            {"slot", trained.slot},
            {"attempt", trained.attempt}};
}

/// A row is an array: thousands of them make a record.
json to_json(const MetricRow& row) {
    return {row.after_task, row.class_name, row.routing, row.metric, finite(row.value)};
}

json to_json(const FinishedRecord& finished) {
    json trials = json::array();
    for (const TrialRows& trial : finished.trials) {
        json rows = json::array();
        for (const MetricRow& row : trial.rows) {
            rows.push_back(to_json(row));
        }
        trials.push_back(
            {{"trial", trial.trial}, {"rows", std::move(rows)}, {"notes", trial.notes}});
    }
    return {{"training_key", finished.training_key}, {"trials", std::move(trials)}};
}

json to_json(const FailedRecord& failed) {
    return {{"kind", text_of(failed.kind)},
            {"key", failed.key},
            {"attempt", failed.attempt},
            {"state", failed.state},
            {"message", failed.message},
            {"final", failed.final},
            {"trials", failed.trials}};
}

json to_json(const SessionStartRecord& start) {
    return {{"host", start.host},
            {"pid", start.pid},
            {"ranks", start.ranks},
            {"slots", start.slots},
            {"time", start.time},
            {"device", start.device}};
}

json to_json(const SessionEndRecord& end) {
    return {{"outcome", end.outcome}, {"time", end.time}};
}

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

/// Empty when the member is not there.
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

UnitKind unit_kind(const json& object) {
    const std::string kind = text(object, "kind");
    if (kind != "extraction" && kind != "training") {
        wrong_type("kind", "extraction or training");
    }
    return kind == "extraction" ? UnitKind::Extraction : UnitKind::Training;
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
                    optional_text(object, "weights_digest")};
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
    return sweep;
}

MetricRow row_from(const json& row) {
    if (!row.is_array() || row.size() != 5 || !row[0].is_number_integer() || !row[1].is_string() ||
        !row[2].is_string() || !row[3].is_string() || !row[4].is_number()) {
        wrong_type("rows", "lists of after_task, class, routing, metric and value");
    }
    return {row[0].get<int>(),
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
    return finished;
}

RecordData data_from(const std::string& type, const json& data) {
    if (type == "sweep") {
        return sweep_from(data);
    }
    if (type == "extended") {
        return ExtendedRecord{sweep_from(data)};
    }
    if (type == "started") {
        return StartedRecord{unit_kind(data),
                             text(data, "key"),
                             small_integer(data, "attempt"),
                             text(data, "slot"),
                             text(data, "host")};
    }
    if (type == "extracted") {
        return ExtractedRecord{text(data, "feature_key"),
                               integer(data, "images"),
                               real(data, "seconds"),
                               text(data, "slot"),
                               small_integer(data, "attempt")};
    }
    if (type == "trained") {
        return TrainedRecord{text(data, "training_key"),
                             real(data, "seconds"),
                             text(data, "slot"),
                             small_integer(data, "attempt")};
    }
    if (type == "finished") {
        return finished_from(data);
    }
    if (type == "failed") {
        return FailedRecord{unit_kind(data),
                            text(data, "key"),
                            small_integer(data, "attempt"),
                            text(data, "state"),
                            text(data, "message"),
                            boolean(data, "final"),
                            texts(data, "trials")};
    }
    if (type == "session_start") {
        return SessionStartRecord{text(data, "host"),
                                  integer(data, "pid"),
                                  small_integer(data, "ranks"),
                                  small_integer(data, "slots"),
                                  text(data, "time"),
                                  data.contains("device") ? text(data, "device") : "cpu"};
    }
    if (type == "session_end") {
        return SessionEndRecord{text(data, "outcome"), text(data, "time")};
    }
    throw StorageError("its type is unknown to this Harrow; use the version that wrote it");
}

}  // namespace

std::string record_type(const RecordData& data) {
    return std::visit(Overloaded{[](const SweepRecord&) { return "sweep"; },
                                 [](const ExtendedRecord&) { return "extended"; },
                                 [](const StartedRecord&) { return "started"; },
                                 [](const ExtractedRecord&) { return "extracted"; },
                                 [](const TrainedRecord&) { return "trained"; },
                                 [](const FinishedRecord&) { return "finished"; },
                                 [](const FailedRecord&) { return "failed"; },
                                 [](const SessionStartRecord&) { return "session_start"; },
                                 [](const SessionEndRecord&) { return "session_end"; }},
                      data);
}

std::string record_json(const RecordData& data) {
    const json object = std::visit(
        Overloaded{[](const ExtendedRecord& extended) { return to_json(extended.sweep); },
                   [](const auto& record) { return to_json(record); }},
        data);
    // Text from outside (stderr of a crashed child) need not be UTF-8; JSON must be.
    return object.dump(-1, ' ', false, json::error_handler_t::replace);
}

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

void append_record(Journal& journal, const RecordData& data) {
    journal.append(record_type(data), record_json(data));
}

}  // namespace harrow::storage
