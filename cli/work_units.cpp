#include "cli/work_units.hpp"

#include <filesystem>
#include <map>
#include <set>
#include <utility>

#include "sweeps/backbones.hpp"
#include "sweeps/canonical.hpp"

namespace harrow::cli {
namespace {

using sweeps::Stage;

// Expected seconds, for the ETA and the order of work only; a method's true cost shows while it
// runs.
constexpr double kExtractionCostPerImage = 0.02;
constexpr double kTrainingCostPerImageEpochBlock = 4e-4;
constexpr double kScoringCost = 1.0;

class Builder {
public:
    Builder(const sweeps::Sweep& sweep,
            const sweeps::WorkPlan& plan,
            const storage::RunState& state,
            const storage::FeatureCache& cache,
            const storage::RunDirectory& directory)
        : sweep_(sweep), plan_(plan), state_(state), cache_(cache), directory_(directory) {
        for (std::size_t index = 0; index < plan.extractions.size(); ++index) {
            extraction_by_key_[plan.extractions[index].feature_key] = index;
        }
    }

    WorkUnits build() {
        for (const sweeps::PlannedTrial& trial : plan_.trials) {
            result_.plan.trials_done_before += is_finished(trial.id) ? 1 : 0;
        }
        std::vector<std::size_t> open = open_trainings();
        for (std::size_t training : open) {
            if (trains(plan_.trainings[training])) {
                add_missing_extractions(plan_.trainings[training]);
            }
        }
        for (std::size_t training : open) {
            add_training(plan_.trainings[training]);
        }
        return std::move(result_);
    }

private:
    bool is_finished(const std::string& trial) const { return state_.finished.count(trial) > 0; }

    bool has_failed(const std::string& trial) const {
        const auto found = state_.failed.find(trial);
        return found != state_.failed.end() &&
               !coordinator::is_infrastructure_failure(found->second.state);
    }

    /// Trials of a training that still want rows; those that failed by themselves do not.
    std::vector<std::size_t> pending(const sweeps::PlannedTraining& training) const {
        std::vector<std::size_t> trials;
        for (std::size_t trial : training.trials) {
            const std::string& id = plan_.trials[trial].id;
            if (!is_finished(id) && !has_failed(id)) {
                trials.push_back(trial);
            }
        }
        return trials;
    }

    std::vector<std::size_t> open_trainings() const {
        std::vector<std::size_t> open;
        for (std::size_t index = 0; index < plan_.trainings.size(); ++index) {
            if (!pending(plan_.trainings[index]).empty()) {
                open.push_back(index);
            }
        }
        return open;
    }

    bool trains(const sweeps::PlannedTraining& training) const {
        return state_.trained.count(training.training_key) == 0 ||
               !std::filesystem::exists(directory_.scores_file(training.training_key));
    }

    int attempts_before(const std::string& key) const {
        const auto found = state_.attempts.find(key);
        return found == state_.attempts.end() ? 0 : found->second;
    }

    static std::string absolute_root(const sweeps::TrialConfig& config) {
        return std::filesystem::absolute(config.data.root).lexically_normal().string();
    }

    static std::string absolute_weights(const sweeps::TrialConfig& config) {
        return sweeps::needs_weights(config.backbone)
                   ? std::filesystem::absolute(config.backbone.weights).lexically_normal().string()
                   : "";
    }

    void add_missing_extractions(const sweeps::PlannedTraining& training) {
        for (const sweeps::Digest& key : training.feature_keys) {
            if (needed_.insert(key).second) {
                result_.feature_keys.push_back(key);
            }
            if (unit_of_extraction_.count(key) > 0 || cache_.contains(key)) {
                continue;
            }
            const sweeps::PlannedExtraction& extraction =
                plan_.extractions[extraction_by_key_.at(key)];
            const sweeps::TrialConfig& config = extraction.config;
            coordinator::RunUnit unit;
            unit.key = key;
            unit.kind = coordinator::UnitKind::Extract;
            unit.label = extraction.class_name + "/" + extraction.split;
            unit.payload = coordinator::to_json(
                coordinator::ExtractionWork{key,
                                            sweeps::canonical_text(config, {Stage::Features}),
                                            absolute_root(config),
                                            config.data.layout,
                                            extraction.class_name,
                                            extraction.split,
                                            extraction.images_digest,
                                            absolute_weights(config)});
            unit.expected_cost = kExtractionCostPerImage * static_cast<double>(extraction.images);
            unit.attempts_before = attempts_before(key);
            unit_of_extraction_[key] = result_.plan.units.size();
            result_.plan.units.push_back(std::move(unit));
            result_.meanings.push_back({coordinator::UnitKind::Extract, key, false, {}});
            ++result_.extractions;
        }
    }

    void add_training(const sweeps::PlannedTraining& training) {
        const sweeps::Cell& cell = sweep_.cells[training.cell];
        coordinator::TrainingWork work;
        work.training_key = training.training_key;
        work.config_text = sweeps::canonical_text(cell.config, {Stage::Features, Stage::Training});
        work.data_root = absolute_root(cell.config);
        work.data_layout = cell.config.data.layout;
        work.seed = training.seed;
        work.tasks = tasks_of(cell, training);
        work.train = trains(training);
        work.directory =
            std::filesystem::absolute(directory_.training_directory(training.training_key))
                .string();
        work.weights = absolute_weights(cell.config);
        work.checkpoint_seconds = 60 * sweep_.run.checkpoint_minutes;
        work.keep_checkpoints = sweeps::name_of(sweep_.run.keep_checkpoints);

        coordinator::RunUnit unit;
        UnitMeaning meaning{coordinator::UnitKind::Train, training.training_key, work.train, {}};
        for (std::size_t index : pending(training)) {
            const sweeps::PlannedTrial& trial = plan_.trials[index];
            work.jobs.push_back(
                {trial.id, sweeps::canonical_text(sweep_.cells[trial.cell].config)});
            meaning.trials.push_back(trial.id);
        }
        unit.key = training.training_key;
        unit.label = cell.name + " seed " + std::to_string(training.seed);
        unit.expected_cost = work.train ? training_cost(cell, training) : kScoringCost;
        unit.trials = meaning.trials.size();
        unit.attempts_before = attempts_before(unit.key);
        unit.payload = coordinator::to_json(work);
        if (work.train) {
            unit.depends_on = extraction_units(training);
            ++result_.trainings;
        }
        result_.plan.units.push_back(std::move(unit));
        result_.meanings.push_back(std::move(meaning));
    }

    static std::vector<coordinator::TaskWork> tasks_of(const sweeps::Cell& cell,
                                                       const sweeps::PlannedTraining& training) {
        std::vector<coordinator::TaskWork> tasks;
        std::size_t next = 0;
        for (const std::vector<std::string>& classes : cell.tasks) {
            coordinator::TaskWork task;
            for (const std::string& name : classes) {
                task.classes.push_back(name);
                task.train_keys.push_back(training.feature_keys.at(next++));
                task.test_keys.push_back(training.feature_keys.at(next++));
            }
            tasks.push_back(std::move(task));
        }
        return tasks;
    }

    std::vector<std::size_t> extraction_units(const sweeps::PlannedTraining& training) const {
        std::set<std::size_t> units;
        for (const sweeps::Digest& key : training.feature_keys) {
            const auto found = unit_of_extraction_.find(key);
            if (found != unit_of_extraction_.end()) {
                units.insert(found->second);
            }
        }
        return {units.begin(), units.end()};
    }

    double training_cost(const sweeps::Cell& cell, const sweeps::PlannedTraining& training) const {
        double images = 0;
        for (const sweeps::Digest& key : training.feature_keys) {
            const sweeps::PlannedExtraction& extraction =
                plan_.extractions[extraction_by_key_.at(key)];
            images += extraction.split == "train" ? static_cast<double>(extraction.images) : 0.0;
        }
        const int blocks =
            1 + cell.config.model.num_coupling_layers + cell.config.model.dia_n_blocks;
        return kScoringCost +
               kTrainingCostPerImageEpochBlock * images * cell.config.train.num_epochs * blocks;
    }

    const sweeps::Sweep& sweep_;
    const sweeps::WorkPlan& plan_;
    const storage::RunState& state_;
    const storage::FeatureCache& cache_;
    const storage::RunDirectory& directory_;
    std::map<sweeps::Digest, std::size_t> extraction_by_key_;   ///< index into plan_.extractions
    std::map<sweeps::Digest, std::size_t> unit_of_extraction_;  ///< index into result_.plan.units
    std::set<sweeps::Digest> needed_;                           ///< result_.feature_keys
    WorkUnits result_;
};

}  // namespace

WorkUnits remaining_work(const sweeps::Sweep& sweep,
                         const sweeps::WorkPlan& plan,
                         const storage::RunState& state,
                         const storage::FeatureCache& cache,
                         const storage::RunDirectory& directory) {
    return Builder(sweep, plan, state, cache, directory).build();
}

}  // namespace harrow::cli
