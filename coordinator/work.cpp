#include "coordinator/work.hpp"

#include <nlohmann/json.hpp>

namespace harrow::coordinator {
namespace {

using Json = nlohmann::json;

// A path or message need not be UTF-8; what is not becomes U+FFFD instead of an exception.
std::string dump(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// Paths must survive the way byte for byte, so they are refused rather than altered.
std::string dump_exactly(const Json& json, const std::string& path) {
    try {
        return json.dump();
    } catch (const Json::exception&) {
        throw ProtocolError("the path '" + path +
                            "' or a name in it is not valid UTF-8; rename it");
    }
}

template <typename Work>
std::string paths_of(const Work& work) {
    return work.data_root + (work.weights.empty() ? "" : "' or '" + work.weights);
}

template <typename T>
T field(const Json& json, const char* name) {
    try {
        return json.at(name).get<T>();
    } catch (const Json::exception& error) {
        throw ProtocolError("field '" + std::string(name) + "' of a work message: " + error.what());
    }
}

// A number that JSON cannot hold (NaN, infinity) travels as null; rows never hold one.
double number(const Json& json, const char* name) {
    const auto found = json.find(name);
    if (found == json.end() || !found->is_number()) {
        throw ProtocolError("field '" + std::string(name) + "' of a work message is no number");
    }
    return found->get<double>();
}

Json parse_object(std::string_view text, const char* what) {
    Json json = Json::parse(text, nullptr, false);
    if (!json.is_object()) {
        throw ProtocolError(std::string(what) + " is not a JSON object");
    }
    return json;
}

const Json& list(const Json& json, const char* name) {
    const auto found = json.find(name);
    if (found == json.end() || !found->is_array()) {
        throw ProtocolError("field '" + std::string(name) + "' of a work message is no list");
    }
    return *found;
}

// Rows are the bulk of a result, so they travel as arrays in this order.
Json json_of(const sweeps::MetricRow& row) {
    return Json::array({row.after_task, row.class_name, row.routing, row.metric, row.value});
}

sweeps::MetricRow row_from(const Json& json) {
    if (!json.is_array() || json.size() != 5 || !json[0].is_number_integer() ||
        !json[1].is_string() || !json[2].is_string() || !json[3].is_string() ||
        !json[4].is_number()) {
        throw ProtocolError("a metric row is not [after_task, class, routing, metric, value]");
    }
    sweeps::MetricRow row;
    row.after_task = json[0].get<int>();
    row.class_name = json[1].get<std::string>();
    row.routing = json[2].get<std::string>();
    row.metric = json[3].get<std::string>();
    row.value = json[4].get<double>();
    return row;
}

Json json_of(const TrialResult& trial) {
    Json rows = Json::array();
    for (const sweeps::MetricRow& row : trial.rows) {
        rows.push_back(json_of(row));
    }
    return {{"trial", trial.trial},
            {"rows", std::move(rows)},
            {"notes", trial.notes},
            {"error", trial.error}};
}

TrialResult trial_from(const Json& json) {
    TrialResult trial;
    trial.trial = field<std::string>(json, "trial");
    trial.notes = field<std::vector<std::string>>(json, "notes");
    trial.error = field<std::string>(json, "error");
    for (const Json& row : list(json, "rows")) {
        trial.rows.push_back(row_from(row));
    }
    return trial;
}

}  // namespace

std::string to_json(const ExtractionWork& work) {
    return dump_exactly({{"feature_key", work.feature_key},
                         {"config", work.config_text},
                         {"data_root", work.data_root},
                         {"data_layout", work.data_layout},
                         {"class", work.class_name},
                         {"split", work.split},
                         {"images_digest", work.images_digest},
                         {"weights", work.weights},
                         {"recipe", work.recipe},
                         {"seed", work.seed}},
                        paths_of(work));
}

std::string to_json(const TrainingWork& work) {
    Json tasks = Json::array();
    for (const TaskWork& task : work.tasks) {
        Json classes = Json::array();
        for (const ClassWork& one : task.classes) {
            classes.push_back({{"class", one.name}, {"feature_keys", one.feature_keys}});
        }
        tasks.push_back({{"classes", std::move(classes)}});
    }
    Json jobs = Json::array();
    for (const ScoreJob& job : work.jobs) {
        jobs.push_back({{"trial", job.trial}, {"config", job.config_text}});
    }
    return dump_exactly({{"training_key", work.training_key},
                         {"config", work.config_text},
                         {"data_root", work.data_root},
                         {"data_layout", work.data_layout},
                         {"seed", work.seed},
                         {"tasks", std::move(tasks)},
                         {"jobs", std::move(jobs)},
                         {"train", work.train},
                         {"directory", work.directory},
                         {"weights", work.weights},
                         {"checkpoint_seconds", work.checkpoint_seconds},
                         {"keep_checkpoints", work.keep_checkpoints}},
                        paths_of(work));
}

std::string to_json(const WorkResult& result) {
    Json trials = Json::array();
    for (const TrialResult& trial : result.trials) {
        trials.push_back(json_of(trial));
    }
    Json object = {{"trials", std::move(trials)},
                   {"images_extracted", result.images_extracted},
                   {"seconds", result.seconds},
                   {"times",
                    {{"check", result.times.check},
                     {"decode", result.times.decode},
                     {"wait", result.times.wait},
                     {"backbone", result.times.backbone},
                     {"write", result.times.write},
                     {"train", result.times.train},
                     {"evaluate", result.times.evaluate},
                     {"score", result.times.score}}},
                   {"notes", result.notes}};
    if (result.cost) {
        object["cost"] = Json::parse(sweeps::to_json(*result.cost));
    }
    return dump(object);
}

WorkTimes& WorkTimes::operator+=(const WorkTimes& other) {
    for (double WorkTimes::*member : {&WorkTimes::check,
                                      &WorkTimes::decode,
                                      &WorkTimes::wait,
                                      &WorkTimes::backbone,
                                      &WorkTimes::write,
                                      &WorkTimes::train,
                                      &WorkTimes::evaluate,
                                      &WorkTimes::score}) {
        this->*member += other.*member;
    }
    return *this;
}

ExtractionWork extraction_work_from_json(std::string_view text) {
    const Json json = parse_object(text, "an extraction's description");
    ExtractionWork work;
    work.feature_key = field<std::string>(json, "feature_key");
    work.config_text = field<std::string>(json, "config");
    work.data_root = field<std::string>(json, "data_root");
    work.data_layout = field<std::string>(json, "data_layout");
    work.class_name = field<std::string>(json, "class");
    work.split = field<std::string>(json, "split");
    work.images_digest = field<std::string>(json, "images_digest");
    work.weights = field<std::string>(json, "weights");
    work.recipe = field<std::string>(json, "recipe");
    work.seed = field<std::uint64_t>(json, "seed");
    return work;
}

TrainingWork training_work_from_json(std::string_view text) {
    const Json json = parse_object(text, "a training's description");
    TrainingWork work;
    work.training_key = field<std::string>(json, "training_key");
    work.config_text = field<std::string>(json, "config");
    work.data_root = field<std::string>(json, "data_root");
    work.data_layout = field<std::string>(json, "data_layout");
    work.seed = field<std::uint64_t>(json, "seed");
    for (const Json& task : list(json, "tasks")) {
        TaskWork read;
        for (const Json& one : list(task, "classes")) {
            read.classes.push_back(
                {field<std::string>(one, "class"),
                 field<std::map<std::string, std::string>>(one, "feature_keys")});
        }
        work.tasks.push_back(std::move(read));
    }
    for (const Json& job : list(json, "jobs")) {
        work.jobs.push_back({field<std::string>(job, "trial"), field<std::string>(job, "config")});
    }
    work.train = field<bool>(json, "train");
    work.directory = field<std::string>(json, "directory");
    work.weights = field<std::string>(json, "weights");
    work.checkpoint_seconds = number(json, "checkpoint_seconds");
    work.keep_checkpoints = field<std::string>(json, "keep_checkpoints");
    return work;
}

WorkResult work_result_from_json(std::string_view text) {
    const Json json = parse_object(text, "a result");
    WorkResult result;
    for (const Json& trial : list(json, "trials")) {
        result.trials.push_back(trial_from(trial));
    }
    result.images_extracted = field<std::int64_t>(json, "images_extracted");
    result.seconds = number(json, "seconds");
    const auto times = json.find("times");
    if (times == json.end()) {
        throw ProtocolError("field 'times' of a work message is missing");
    }
    result.times = {number(*times, "check"),
                    number(*times, "decode"),
                    number(*times, "wait"),
                    number(*times, "backbone"),
                    number(*times, "write"),
                    number(*times, "train"),
                    number(*times, "evaluate"),
                    number(*times, "score")};
    result.notes = field<std::vector<std::string>>(json, "notes");
    if (const auto cost = json.find("cost"); cost != json.end()) {
        result.cost = sweeps::training_cost_from_json(cost->dump());
        if (!result.cost) {
            throw ProtocolError("field 'cost' of a work message is not what a training cost");
        }
    }
    return result;
}

}  // namespace harrow::coordinator
