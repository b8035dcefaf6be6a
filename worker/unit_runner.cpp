#include "worker/unit_runner.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <numeric>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <spdlog/spdlog.h>

#include "storage/datasets/dataset.hpp"
#include "storage/files.hpp"
#include "storage/run_directory.hpp"
#include "sweeps/anomalies.hpp"
#include "sweeps/canonical.hpp"
#include "sweeps/class_config.hpp"
#include "sweeps/error.hpp"
#include "sweeps/feature_views.hpp"
#include "sweeps/run_settings.hpp"
#include "sweeps/validation.hpp"
#include "worker/class_images.hpp"
#include "worker/continual_run.hpp"
#include "worker/laps.hpp"
#include "worker/memory_meter.hpp"
#include "worker/training_checkpoints.hpp"
#include "worker/trial_scoring.hpp"

namespace harrow::worker {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

/// The configuration a unit names, with the files' places on this machine filled in.
template <typename Work>
sweeps::TrialConfig located_config(const Work& work) {
    sweeps::TrialConfig config = sweeps::parse_canonical(work.config_text);
    config.data.layout = work.data_layout;
    config.data.root = work.data_root;
    config.backbone.weights = work.weights;
    return config;
}

std::vector<std::string> class_names(const coordinator::TrainingWork& work) {
    std::vector<std::string> names;
    for (const coordinator::TaskWork& task : work.tasks) {
        for (const coordinator::ClassWork& one : task.classes) {
            names.push_back(one.name);
        }
    }
    return names;
}

std::vector<std::string> class_names(const storage::PatchScores& scores) {
    std::vector<std::string> names;
    for (const storage::ClassScores& entry : scores.classes) {
        names.push_back(entry.class_name);
    }
    return names;
}

ContinualSequence make_sequence(const coordinator::TrainingWork& work,
                                const sweeps::TrialConfig& config,
                                const storage::Dataset& dataset) {
    ContinualSequence sequence;
    for (const coordinator::TaskWork& task : work.tasks) {
        SequenceTask classes;
        for (const coordinator::ClassWork& one : task.classes) {
            SequenceClass entry;
            entry.name = one.name;
            const sweeps::TrialConfig own = sweeps::config_of_class(config, one.name);
            classes.epochs = std::max(classes.epochs, own.train.num_epochs);
            for (sweeps::FeatureView& view : sweeps::feature_views(own)) {
                const sweeps::Digest& key = one.feature_keys.at(view.name);
                entry.views[view.name] = {
                    key, std::move(view.config), one.name, view.split, {}, work.seed};
            }
            for (const storage::ImageEntry& image : split_images(dataset, one.name, "test")) {
                entry.test_paths.push_back(image.relative_path);
            }
            classes.classes.push_back(std::move(entry));
        }
        sequence.tasks.push_back(std::move(classes));
    }
    return sequence;
}

/// Of the files of all its classes and splits, each once.
std::int64_t feature_bytes(const ContinualSequence& sequence, const FeatureStore& store) {
    std::set<sweeps::Digest> keys;
    for (const SequenceTask& task : sequence.tasks) {
        for (const SequenceClass& entry : task.classes) {
            for (const auto& [name, request] : entry.views) {
                keys.insert(request.key);
            }
        }
    }
    return std::accumulate(
        keys.begin(),
        keys.end(),
        std::int64_t{0},
        [&](std::int64_t sum, const sweeps::Digest& key) { return sum + store.bytes_of(key); });
}

sweeps::KeepCheckpoints keep_checkpoints_of(const coordinator::TrainingWork& work) {
    for (const sweeps::KeepCheckpoints keep :
         {sweeps::KeepCheckpoints::Last, sweeps::KeepCheckpoints::All}) {
        if (work.keep_checkpoints == sweeps::name_of(keep)) {
            return keep;
        }
    }
    return sweeps::KeepCheckpoints::None;
}

/// What an attempt published that ended before it could say so; nothing when there is no such file
/// or it cannot be used.
std::optional<storage::PatchScores> stored_scores(const coordinator::TrainingWork& work) {
    const std::filesystem::path file = storage::training_scores_file(work.directory);
    if (storage::look_at_file(file).presence != storage::FileLook::Presence::Regular) {
        return std::nullopt;
    }
    try {
        storage::PatchScores scores = storage::load_patch_scores(file);
        if (scores.training_key == work.training_key) {
            return scores;
        }
    } catch (const sweeps::StorageError& error) {
        spdlog::warn("trained again: {}", error.what());
    }
    return std::nullopt;
}

}  // namespace

UnitRunner::UnitRunner(const std::filesystem::path& cache_root,
                       torch::Device device,
                       const ResidencyBudget& budget,
                       int decode_threads)
    : device_(device), store_(cache_root, device, budget, decode_threads) {}

coordinator::WorkResult UnitRunner::extract(const coordinator::ExtractionWork& work,
                                            WorkMonitor& monitor) {
    const Clock::time_point start = Clock::now();
    store_.take_notes();  // of a unit that failed
    FeatureRequest request{work.feature_key,
                           located_config(work),
                           work.class_name,
                           work.split,
                           work.images_digest,
                           work.seed};
    sweeps::apply_recipe(work.recipe, request.config);
    monitor.report({0, 0, 0, 0, "checking the images", 0, 0});
    coordinator::WorkResult result;
    const ExtractionReport report = store_.ensure(request, monitor);
    result.images_extracted = report.images;
    result.times = report.times;
    result.notes = store_.take_notes();
    result.seconds = seconds_since(start);
    return result;
}

coordinator::WorkResult UnitRunner::train(const coordinator::TrainingWork& work,
                                          WorkMonitor& monitor) {
    const Clock::time_point start = Clock::now();
    const std::filesystem::path scores_file = storage::training_scores_file(work.directory);
    const std::int64_t extracted_before = store_.images_extracted();
    store_.take_notes();  // of a unit that failed
    coordinator::WorkResult result;
    storage::PatchScores scores;
    if (!work.train) {
        scores = storage::load_patch_scores(scores_file);
        monitor.step();
    }
    const storage::Dataset dataset =
        storage::list_dataset(
            work.data_layout, work.data_root, work.train ? class_names(work) : class_names(scores))
            .dataset;
    monitor.step();
    if (work.train) {
        scores = train_sequence(work, dataset, result, monitor);
    }
    monitor.report({scores.num_tasks - 1, scores.num_tasks, 0, 0, "scoring", 0, 0});
    Laps laps;
    result.trials = score_trials(work.jobs, scores, dataset, monitor);
    laps.add_to(result.times.score);
    result.images_extracted = store_.images_extracted() - extracted_before;
    for (std::string& note : store_.take_notes()) {
        result.notes.push_back(std::move(note));
    }
    result.seconds += seconds_since(start);
    return result;
}

storage::PatchScores UnitRunner::train_sequence(const coordinator::TrainingWork& work,
                                                const storage::Dataset& dataset,
                                                coordinator::WorkResult& result,
                                                WorkMonitor& monitor) {
    const std::filesystem::path scores_file = storage::training_scores_file(work.directory);
    TrainingCheckpoints checkpoints(work.directory,
                                    work.training_key,
                                    {work.checkpoint_seconds, keep_checkpoints_of(work)},
                                    monitor);
    if (std::optional<storage::PatchScores> stored = stored_scores(work)) {
        spdlog::info("resumed from {}", scores_file.filename().string());
        monitor.resumed({stored->num_tasks, 0});
        checkpoints.finish();
        return std::move(*stored);
    }
    const sweeps::TrialConfig config = located_config(work);
    const ContinualSequence sequence = make_sequence(work, config, dataset);
    const MemoryMeter memory(device_);
    sweeps::TrainingCost cost;
    storage::PatchScores scores;
    try {
        const FeatureGeometry geometry =
            store_.load(sequence.tasks.at(0).classes.at(0).train(), monitor).rows->geometry();
        const auto make = [&] { return make_method(config, geometry, work.seed, device_); };
        storage::create_directories(work.directory);
        History history(storage::training_history_file(work.directory));
        scores = run_continual(
            sequence, make, store_, history, checkpoints, result.times, cost.parameters, monitor);
    } catch (const WorkCancelled&) {
        checkpoints.discard();
        throw;
    } catch (const TrainingDiverged&) {  // it would again
        checkpoints.discard();
        throw;
    }
    scores.training_key = work.training_key;
    storage::save_patch_scores(scores_file, scores);
    checkpoints.finish();
    result.notes = checkpoints.take_notes();
    result.seconds = checkpoints.seconds_before();
    cost.train_seconds = result.times.train;
    cost.evaluate_seconds = result.times.evaluate;
    cost.peak_rss_bytes = memory.peak_rss_bytes();
    cost.peak_device_bytes = memory.peak_device_bytes();
    cost.feature_bytes = feature_bytes(sequence, store_);
    result.cost = std::move(cost);
    return scores;
}

}  // namespace harrow::worker
