#include "cli/unit_payloads.hpp"

#include <filesystem>
#include <utility>

#include "cli/sweep_source.hpp"
#include "sweeps/anomalies.hpp"
#include "sweeps/backbones.hpp"
#include "sweeps/canonical.hpp"
#include "sweeps/class_config.hpp"
#include "sweeps/feature_views.hpp"
#include "sweeps/parameters.hpp"

namespace harrow::cli {
namespace {

using sweeps::Stage;

constexpr std::size_t kKeptCells = 2000;  // about 2 MB

std::string absolute_root(const sweeps::TrialConfig& config) {
    return sweeps::uses_data(config) ? absolute_path(config.data.root) : "";
}

std::string absolute_weights(const sweeps::TrialConfig& config) {
    return sweeps::uses_data(config) && sweeps::needs_weights(config.backbone)
               ? absolute_path(config.backbone.weights)
               : "";
}

std::vector<coordinator::TaskWork> tasks_of(const sweeps::Cell& cell,
                                            const sweeps::PlannedTraining& training) {
    std::vector<coordinator::TaskWork> tasks;
    std::size_t next = 0;
    for (const std::vector<std::string>& classes : cell.tasks) {
        coordinator::TaskWork task;
        for (const std::string& name : classes) {
            coordinator::ClassWork work{name, {}};
            for (const sweeps::FeatureView& view :
                 sweeps::feature_views(sweeps::config_of_class(cell.config, name))) {
                work.feature_keys[view.name] = training.feature_keys.at(next++);
            }
            task.classes.push_back(std::move(work));
        }
        tasks.push_back(std::move(task));
    }
    return tasks;
}

}  // namespace

UnitPayloads::UnitPayloads(const sweeps::Sweep& sweep,
                           const sweeps::WorkPlan& plan,
                           storage::RunDirectory directory)
    : sweep_(sweep), plan_(plan), directory_(std::move(directory)) {}

std::string UnitPayloads::text(const UnitSource& source) {
    return source.extracts ? extraction(plan_.extractions[source.index])
                           : training(plan_.trainings[source.index], source);
}

std::string UnitPayloads::extraction(const sweeps::PlannedExtraction& extraction) const {
    const sweeps::TrialConfig& config = extraction.config;
    return coordinator::to_json(
        coordinator::ExtractionWork{extraction.feature_key,
                                    sweeps::canonical_text(config, {Stage::Features}),
                                    absolute_root(config),
                                    config.data.layout,
                                    extraction.class_name,
                                    extraction.split,
                                    extraction.images_digest,
                                    absolute_weights(config),
                                    sweeps::recipe_text(config, extraction.split),
                                    extraction.seed});
}

std::string UnitPayloads::training(const sweeps::PlannedTraining& training,
                                   const UnitSource& source) {
    const sweeps::Cell& cell = sweep_.cells[training.cell];
    const CellTexts& texts = texts_of(training.cell);
    coordinator::TrainingWork work;
    work.training_key = training.training_key;
    work.config_text = texts.training;
    work.data_root = texts.data_root;
    work.data_layout = cell.config.data.layout;
    work.seed = training.seed;
    if (sweeps::uses_data(cell.config)) {
        work.tasks = tasks_of(cell, training);
    }
    work.train = source.trains;
    work.directory = absolute_path(directory_.training_directory(training.training_key));
    work.weights = texts.weights;
    work.checkpoint_seconds = 60 * sweep_.run.checkpoint_minutes;
    work.keep_checkpoints = sweeps::name_of(sweep_.run.keep_checkpoints);
    for (const std::size_t index : source.trials.empty() ? training.trials : source.trials) {
        const sweeps::PlannedTrial& trial = plan_.trials[index];
        work.jobs.push_back({trial.id, texts_of(trial.cell).all});
    }
    return coordinator::to_json(work);
}

const UnitPayloads::CellTexts& UnitPayloads::texts_of(std::size_t index) {
    const auto found = texts_.find(index);
    if (found != texts_.end()) {
        return found->second;
    }
    const sweeps::TrialConfig& config = sweep_.cells[index].config;
    while (texts_.size() >= kKeptCells) {
        texts_.erase(texts_.begin());
    }
    return texts_[index] = {sweeps::canonical_text(config, {Stage::Features, Stage::Training}),
                            sweeps::canonical_text(config),
                            absolute_root(config),
                            absolute_weights(config)};
}

}  // namespace harrow::cli
