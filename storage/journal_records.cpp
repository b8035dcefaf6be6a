#include "storage/journal_records.hpp"

#include <cmath>
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
    if (!cell.data_digest.empty()) {
        object["data_digest"] = cell.data_digest;
    }
    if (!cell.settings.empty()) {
        object["settings"] = cell.settings;
    }
    for (const PublishedValue& published : cell.published) {
        json value = {published.class_name, published.metric, finite(published.value)};
        if (published.std) {
            value.push_back(finite(*published.std));
        }
        object["published"].push_back(std::move(value));
    }
    return object;
}

json to_json(const sweeps::Objective& objective) {
    return {{"metric", objective.metric},
            {"goal", objective.goal == sweeps::Goal::Maximize ? "maximize" : "minimize"},
            {"subject_to", objective.subject_to}};
}

json to_json(const sweeps::Compare& compare) {
    return {{"baseline", compare.baseline},
            {"same", compare.same},
            {"test", compare.test},
            {"adjust", compare.adjust}};
}

json to_json(const SweepRecord& sweep) {
    json cells = json::array();
    for (const CellRecord& cell : sweep.cells) {
        cells.push_back(to_json(cell));
    }
    json object = {{"harrow_version", sweep.harrow_version},
                   {"build", sweep.build},
                   {"name", sweep.name},
                   {"text", sweep.text},
                   {"file", sweep.file},
                   {"base_directory", sweep.base_directory},
                   {"overrides", sweep.overrides},
                   {"objective", to_json(sweep.objective)},
                   {"cells", std::move(cells)},
                   {"trials", sweep.trials}};
    if (sweep.compare) {
        object["compare"] = to_json(*sweep.compare);
    }
    if (!sweep.tables.empty()) {
        object["tables"] = sweep.tables;
    }
    if (sweep.imported) {
        object["imported"] = true;
    }
    return object;
}

json to_json(const StartedRecord& started) {
    return {{"kind", text_of(started.kind)},
            {"key", started.key},
            {"attempt", started.attempt},
            {"slot", started.slot},
            {"host", started.host},
            {"time", started.time},
            {"label", started.label},
            {"trials", started.trials}};
}

json to_json(const ExtractedRecord& extracted) {
    return {{"feature_key", extracted.feature_key},
            {"images", extracted.images},
            {"seconds", finite(extracted.seconds)},
            {"slot", extracted.slot},
            {"attempt", extracted.attempt}};
}

json to_json(const TrainedRecord& trained) {
    json object = {{"training_key", trained.training_key},
                   {"seconds", finite(trained.seconds)},
                   {"slot", trained.slot},
                   {"attempt", trained.attempt}};
    if (trained.cost) {
        object["cost"] = json::parse(sweeps::to_json(*trained.cost));
    }
    return object;
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
    json object = {{"training_key", finished.training_key}, {"trials", std::move(trials)}};
    if (finished.score_seconds) {
        object["score_seconds"] = finite(*finished.score_seconds);
    }
    return object;
}

/// What a dead child left, where it says something.
template <typename Record>
void add_death(json& object, const Record& record) {
    if (record.signal != 0) {
        object["signal"] = record.signal;
    }
    if (record.exit_code != 0) {
        object["exit_code"] = record.exit_code;
    }
    if (record.peak_rss_bytes != 0) {
        object["peak_rss_bytes"] = record.peak_rss_bytes;
    }
    if (!record.stderr_tail.empty()) {
        object["stderr"] = record.stderr_tail;
    }
}

json to_json(const FailedRecord& failed) {
    json object = {{"kind", text_of(failed.kind)},
                   {"key", failed.key},
                   {"attempt", failed.attempt},
                   {"state", failed.state},
                   {"message", failed.message},
                   {"final", failed.final},
                   {"trials", failed.trials},
                   {"slot", failed.slot},
                   {"host", failed.host},
                   {"time", failed.time}};
    add_death(object, failed);
    return object;
}

json to_json(const LostWorkerRecord& lost) {
    json object = {
        {"slot", lost.slot}, {"host", lost.host}, {"reason", lost.reason}, {"time", lost.time}};
    add_death(object, lost);
    return object;
}

json to_json(const LostSlotRecord& lost) {
    return {{"slot", lost.slot}, {"host", lost.host}, {"reason", lost.reason}, {"time", lost.time}};
}

json to_json(const CheckpointRecord& checkpoint) {
    return {{"key", checkpoint.key},
            {"attempt", checkpoint.attempt},
            {"task", checkpoint.task},
            {"epoch", checkpoint.epoch},
            {"bytes", checkpoint.bytes},
            {"time", checkpoint.time}};
}

json to_json(const ResumedRecord& resumed) {
    return {{"key", resumed.key},
            {"attempt", resumed.attempt},
            {"task", resumed.task},
            {"epoch", resumed.epoch},
            {"time", resumed.time}};
}

json trials_json(const std::vector<std::string>& trials,
                 const std::string& by,
                 const std::string& time) {
    return {{"trials", trials}, {"by", by}, {"time", time}};
}

json to_json(const CancelledRecord& cancelled) {
    return trials_json(cancelled.trials, cancelled.by, cancelled.time);
}

json to_json(const RetriedRecord& retried) {
    return trials_json(retried.trials, retried.by, retried.time);
}

json to_json(const LostRankRecord& lost) {
    return {{"rank", lost.rank}, {"host", lost.host}, {"reason", lost.reason}, {"time", lost.time}};
}

json to_json(const SessionStartRecord& start) {
    return {{"host", start.host},
            {"pid", start.pid},
            {"ranks", start.ranks},
            {"slots", start.slots},
            {"time", start.time},
            {"device", start.device},
            {"build", start.build},
            {"threads", start.threads}};
}

json to_json(const SessionEndRecord& end) {
    return {{"outcome", end.outcome}, {"time", end.time}, {"reason", end.reason}};
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
                                 [](const CheckpointRecord&) { return "checkpoint"; },
                                 [](const ResumedRecord&) { return "resumed"; },
                                 [](const CancelledRecord&) { return "cancelled"; },
                                 [](const RetriedRecord&) { return "retried"; },
                                 [](const LostRankRecord&) { return "lost_rank"; },
                                 [](const LostWorkerRecord&) { return "lost_worker"; },
                                 [](const LostSlotRecord&) { return "lost_slot"; },
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

void append_record(Journal& journal, const RecordData& data) {
    journal.append(record_type(data), record_json(data));
}

}  // namespace harrow::storage
