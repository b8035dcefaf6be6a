#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "coordinator/protocol_error.hpp"
#include "sweeps/result_row.hpp"
#include "sweeps/training_cost.hpp"

/// What an `Assign` carries and a `Finished` brings back, as JSON text on the wire.
namespace harrow::coordinator {

/// Features of one class and split, published in the cache under `feature_key`.
struct ExtractionWork {
    std::string feature_key;
    std::string config_text;  ///< canonical, stage features
    std::string data_root;
    std::string data_layout;
    std::string class_name;
    std::string split;  ///< of sweeps::FeatureView
    std::string images_digest;
    std::string weights = {};  ///< absolute path of the backbone's weights; empty: needs none
    // Of a split that is made of training images: how, as sweeps::recipe_text says, and what seeds
    // it.
    std::string recipe = {};
    std::uint64_t seed = 0;
};

struct ClassWork {
    std::string name;
    std::map<std::string, std::string> feature_keys;  ///< by name of the view, sweeps::FeatureView
};

/// One step of the sequence.
struct TaskWork {
    std::vector<ClassWork> classes;
};

/// One trial to be scored from the training's patch scores.
struct ScoreJob {
    std::string trial;
    std::string config_text;  ///< canonical, all stages
};

struct TrainingWork {
    std::string training_key;
    std::string config_text;  ///< canonical, stages features and training
    std::string data_root;
    std::string data_layout;
    std::uint64_t seed = 0;
    std::vector<TaskWork> tasks;
    std::vector<ScoreJob> jobs;
    bool train = true;                      ///< false: score the patch scores stored in `directory`
    std::string directory;                  ///< absolute path of DIR/trainings/<key>
    std::string weights = {};               ///< as in ExtractionWork
    double checkpoint_seconds = 0;          ///< between two inside a task; 0: only after each task
    std::string keep_checkpoints = "none";  ///< when it is done: "none", "last" or "all"
};

struct TrialResult {
    std::string trial;
    std::vector<sweeps::MetricRow> rows;
    std::vector<std::string> notes;  ///< values that are undefined, and why
    std::string error;               ///< empty: scored; else its state, "invalid_scores: …"
};

/// Where a unit's seconds went. All but `decode`, which is the sum over the threads that decode
/// ahead, follow one another in the working thread.
struct WorkTimes {
    double check = 0;   ///< listing and digesting the files
    double decode = 0;  ///< reading, decoding and preprocessing images
    double wait = 0;    ///< for decoded images
    double backbone = 0;
    double write = 0;     ///< converting, writing and publishing features
    double train = 0;     ///< optimisation and the router's update
    double evaluate = 0;  ///< patch scores of test images
    double score = 0;     ///< metrics from patch scores

    WorkTimes& operator+=(const WorkTimes& other);
};

struct WorkResult {
    std::vector<TrialResult> trials;  ///< empty for an extraction
    std::int64_t images_extracted = 0;
    double seconds = 0.0;
    WorkTimes times;
    std::vector<std::string> notes;  ///< about the unit itself, e.g. a quarantined cache file
    std::optional<sweeps::TrainingCost> cost = {};  ///< of a training that was trained by this unit
};

std::string to_json(const ExtractionWork& work);
std::string to_json(const TrainingWork& work);
std::string to_json(const WorkResult& result);

/// All three throw ProtocolError, naming the field, on text that is not such a message.
ExtractionWork extraction_work_from_json(std::string_view text);
TrainingWork training_work_from_json(std::string_view text);
WorkResult work_result_from_json(std::string_view text);

}  // namespace harrow::coordinator
