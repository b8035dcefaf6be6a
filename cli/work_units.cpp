#include "cli/work_units.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "cli/unit_payloads.hpp"
#include "sweeps/backbone_geometry.hpp"
#include "sweeps/parameters.hpp"

namespace harrow::cli {
namespace {

using coordinator::WorkSize;

// Expected seconds, for the ETA and the order of work only; a method's true cost shows while it
// runs.
constexpr double kExtractionCostPerPicture = 0.02;
constexpr double kTrainingCostPerImageEpochBlock = 4e-4;
constexpr double kTrainingCostPerVectorEpochLayer = 1e-5;
constexpr double kScoringCost = 1.0;
constexpr double kNoopCost = 2e-4;

/// Of one row of features in one epoch.
struct LearningCost {
    int blocks = 0;
    double per_block = 0;  ///< seconds
};

LearningCost learning_cost(const sweeps::TrialConfig& config) {
    const sweeps::ModelConfig& model = config.model;
    if (config.method == "anomalyvfm") {
        const int scales = static_cast<int>(config.data.scales.size());
        return {model.lora_layers * scales, kTrainingCostPerVectorEpochLayer};
    }
    return {1 + model.num_coupling_layers + model.dia_n_blocks, kTrainingCostPerImageEpochBlock};
}

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
        first_trial_.assign(sweep.cells.size(), plan.trials.size());
        for (std::size_t trial = plan.trials.size(); trial > 0; --trial) {
            first_trial_[plan.trials[trial - 1].cell] = trial - 1;
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
            add_training(training);
        }
        struct Maker {
            UnitPayloads payloads;
            std::vector<UnitSource> sources;
        };
        result_.plan.make_payload =
            [maker = std::make_shared<Maker>(Maker{UnitPayloads(sweep_, plan_, directory_),
                                                   std::move(sources_)})](std::size_t unit) {
                return maker->payloads.text(maker->sources[unit]);
            };
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
            coordinator::RunUnit unit;
            unit.key = key;
            unit.kind = coordinator::UnitKind::Extract;
            const auto pictures = static_cast<double>(
                extraction.images * sweeps::pictures_per_image(extraction.config.data));
            unit.label = sweeps::label_of(extraction);
            unit.size.kind = WorkSize::Kind::Extraction;
            unit.size.images = static_cast<float>(pictures);
            unit.expected_cost = kExtractionCostPerPicture * pictures;
            unit.attempts_before = attempts_before(key);
            unit_of_extraction_[key] = result_.plan.units.size();
            result_.plan.units.push_back(std::move(unit));
            result_.meanings.push_back({coordinator::UnitKind::Extract, key, false, {}});
            sources_.push_back({true, false, extraction_by_key_.at(key), {}});
            ++result_.extractions;
        }
    }

    void add_training(std::size_t index) {
        const sweeps::PlannedTraining& training = plan_.trainings[index];
        const sweeps::Cell& cell = sweep_.cells[training.cell];
        const bool train = trains(training);
        coordinator::RunUnit unit;
        UnitMeaning meaning{coordinator::UnitKind::Train, training.training_key, train, {}};
        std::vector<std::size_t> trials = pending(training);
        for (const std::size_t trial : trials) {
            meaning.trials.push_back(plan_.trials[trial].id);
        }
        unit.key = training.training_key;
        unit.label = cell.name + " seed " + std::to_string(training.seed);
        unit.trials = meaning.trials.size();
        unit.attempts_before = attempts_before(unit.key);
        unit.seed_rank = seed_rank(training);
        estimate_training(cell, training, train, unit);
        if (train) {
            unit.depends_on = extraction_units(training);
            unit.inputs = inputs_of(training);
            ++result_.trainings;
        }
        if (trials.size() == training.trials.size()) {
            trials.clear();  // as UnitSource says
        }
        trials.shrink_to_fit();
        sources_.push_back({false, train, index, std::move(trials)});
        result_.plan.units.push_back(std::move(unit));
        result_.meanings.push_back(std::move(meaning));
    }

    /// Place of the training's seed among those of its cell.
    std::uint32_t seed_rank(const sweeps::PlannedTraining& training) const {
        const std::size_t trial = training.trials.front();
        return static_cast<std::uint32_t>(trial - first_trial_[plan_.trials[trial].cell]);
    }

    /// Numbers of the training's feature keys, ascending.
    std::vector<std::uint32_t> inputs_of(const sweeps::PlannedTraining& training) {
        std::set<std::uint32_t> numbers;
        for (const sweeps::Digest& key : training.feature_keys) {
            const auto next = static_cast<std::uint32_t>(input_numbers_.size());
            numbers.insert(input_numbers_.emplace(key, next).first->second);
        }
        return {numbers.begin(), numbers.end()};
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

    void estimate_training(const sweeps::Cell& cell,
                           const sweeps::PlannedTraining& training,
                           bool train,
                           coordinator::RunUnit& unit) const {
        if (!sweeps::uses_data(cell.config)) {
            unit.size.kind = WorkSize::Kind::Waiting;
            unit.expected_cost = cell.config.noop.seconds + kNoopCost;
            return;
        }
        unit.expected_cost = kScoringCost;
        unit.size.kind = WorkSize::Kind::Scoring;
        if (!train) {
            return;
        }
        const LearningCost cost = learning_cost(cell.config);
        const auto rows = static_cast<double>(training.epoch_rows);
        unit.size = {WorkSize::Kind::Training,
                     static_cast<float>(rows),
                     static_cast<float>(cell.config.train.num_epochs),
                     static_cast<float>(cell.tasks.size()),
                     static_cast<float>(cost.blocks)};
        unit.expected_cost += cost.per_block * rows * cell.config.train.num_epochs * cost.blocks;
        unit.share_to_checkpoint =
            1.0 / static_cast<double>(std::max<std::size_t>(1, cell.tasks.size()));
        if (sweep_.run.checkpoint_minutes > 0) {
            unit.checkpoint_interval_s = 60 * sweep_.run.checkpoint_minutes;
        }
    }

    const sweeps::Sweep& sweep_;
    const sweeps::WorkPlan& plan_;
    const storage::RunState& state_;
    const storage::FeatureCache& cache_;
    const storage::RunDirectory& directory_;
    std::map<sweeps::Digest, std::size_t> extraction_by_key_;   ///< index into plan_.extractions
    std::map<sweeps::Digest, std::size_t> unit_of_extraction_;  ///< index into result_.plan.units
    std::set<sweeps::Digest> needed_;                           ///< result_.feature_keys
    std::map<sweeps::Digest, std::uint32_t> input_numbers_;
    std::vector<std::size_t> first_trial_;  ///< by cell; its trials follow in the order of seeds
    std::vector<UnitSource> sources_;       ///< by unit
    WorkUnits result_;
};

}  // namespace

coordinator::Order order_named(const std::string& name) {
    return name == "file"      ? coordinator::Order::File
           : name == "longest" ? coordinator::Order::Longest
                               : coordinator::Order::Breadth;
}

WorkUnits remaining_work(const sweeps::Sweep& sweep,
                         const sweeps::WorkPlan& plan,
                         const storage::RunState& state,
                         const storage::FeatureCache& cache,
                         const storage::RunDirectory& directory) {
    return Builder(sweep, plan, state, cache, directory).build();
}

}  // namespace harrow::cli
