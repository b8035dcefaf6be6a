#include "sweeps/work_plan.hpp"

#include <algorithm>
#include <map>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "sweeps/canonical.hpp"
#include "sweeps/error.hpp"
#include "sweeps/keys.hpp"
#include "sweeps/parameters.hpp"
#include "sweeps/sweep_weights.hpp"
#include "sweeps/validation.hpp"

namespace harrow::sweeps {
namespace {

class Planner {
public:
    Planner(const Sweep& sweep, InputCatalog& catalog, std::string device_kind)
        : sweep_(sweep), catalog_(catalog), device_kind_(std::move(device_kind)) {}

    WorkPlan plan() {
        std::vector<std::size_t> first_trial;
        std::size_t most_seeds = 0;
        for (std::size_t i = 0; i < sweep_.cells.size(); ++i) {
            const Cell& cell = sweep_.cells[i];
            first_trial.push_back(plan_.trials.size());
            most_seeds = std::max(most_seeds, cell.seeds.size());
            for (const std::uint64_t seed : cell.seeds) {
                plan_.trials.push_back({trial_id(cell.id, seed), i, seed, 0});
            }
            feature_keys_.push_back(add_extractions(i));
        }
        for (std::size_t nth = 0; nth < most_seeds; ++nth) {
            for (std::size_t i = 0; i < sweep_.cells.size(); ++i) {
                if (nth < sweep_.cells[i].seeds.size()) {
                    add_to_training(first_trial[i] + nth);
                }
            }
        }
        return std::move(plan_);
    }

private:
    /// Keys of the cell's classes and splits in sequence order.
    std::vector<Digest> add_extractions(std::size_t index) {
        const Cell& cell = sweep_.cells[index];
        if (!uses_data(cell.config)) {
            return {};
        }
        const DatasetFacts& facts = facts_of(cell.config.data);
        const std::string features = canonical_text(cell.config, {Stage::Features});
        const Digest weights = weights_digest(cell.config.backbone, catalog_);
        std::vector<Digest> keys;
        for (const std::vector<std::string>& task : cell.tasks) {
            for (const std::string& class_name : task) {
                const ClassFacts& of_class = facts_of(facts, class_name);
                for (const Split& split : splits_of(of_class, cell.config.validation)) {
                    const Digest& key = key_of(features, cell.config, weights, split.digest);
                    keys.push_back(key);
                    if (extraction_of_.emplace(key, plan_.extractions.size()).second) {
                        plan_.extractions.push_back({key,
                                                     class_name,
                                                     split.name,
                                                     split.images,
                                                     split.digest,
                                                     index,
                                                     cell.config});
                    }
                }
            }
        }
        return keys;
    }

    struct Split {
        const char* name;
        std::int64_t images;
        Digest digest;
    };

    /// Whose features a training needs of a class.
    static std::vector<Split> splits_of(const ClassFacts& facts, const ValidationConfig& config) {
        std::vector<Split> splits = {{"train", facts.train.images, facts.train.images_digest},
                                     {"test", facts.test.images, facts.test.images_digest}};
        if (has_synthetic(config)) {
            splits.push_back({kSyntheticSplit,
                              held_out_count(facts.train.images, config.holdout),
                              synthetic_digest(facts.train.images_digest, config)});
        }
        return splits;
    }

    const DatasetFacts& facts_of(const DataConfig& data) {
        return catalog_.describe(data.layout, data.root, data.classes);
    }

    const ClassFacts& facts_of(const DatasetFacts& facts, const std::string& class_name) const {
        for (const ClassFacts& of_class : facts.classes) {
            if (of_class.name == class_name) {
                return of_class;
            }
        }
        throw UsageError("the class '" + class_name + "' is gone from the dataset; run the same " +
                         "command again when it is back");
    }

    const Digest& key_of(const std::string& features,
                         const TrialConfig& config,
                         const Digest& weights,
                         const Digest& images) {
        Digest& key = known_keys_[{features, weights, images}];
        if (key.empty()) {
            key = feature_key(config, weights, images);
        }
        return key;
    }

    void add_to_training(std::size_t trial_index) {
        PlannedTrial& trial = plan_.trials[trial_index];
        const Cell& cell = sweep_.cells[trial.cell];
        const std::vector<Digest>& features = feature_keys_[trial.cell];
        const Digest key =
            training_key(cell.config, cell.tasks, features, trial.seed, device_kind_);
        const auto [found, is_new] = training_of_.emplace(key, plan_.trainings.size());
        if (is_new) {
            plan_.trainings.push_back({key, trial.seed, trial.cell, {}, features});
        }
        PlannedTraining& training = plan_.trainings[found->second];
        require_same_labels(sweep_.cells[training.cell], cell);
        trial.training = found->second;
        training.trials.push_back(trial_index);
    }

    /// A training is scored with the masks of one dataset.
    void require_same_labels(const Cell& trained, const Cell& scored) {
        const DataConfig& a = trained.config.data;
        const DataConfig& b = scored.config.data;
        if ((a.root == b.root && a.layout == b.layout) || !uses_data(trained.config)) {
            return;
        }
        if (data_digest(trained.tasks, facts_of(a)) != data_digest(scored.tasks, facts_of(b))) {
            throw UsageError("data.root: '" + a.root + "' and '" + b.root +
                             "' hold the same images with different labels or masks, so that one "
                             "training would be scored against both; use one sweep for each");
        }
    }

    const Sweep& sweep_;
    InputCatalog& catalog_;
    std::string device_kind_;
    WorkPlan plan_;
    std::vector<std::vector<Digest>> feature_keys_;  ///< per cell
    std::map<std::tuple<std::string, Digest, Digest>, Digest> known_keys_;
    std::unordered_map<Digest, std::size_t> extraction_of_;
    std::unordered_map<Digest, std::size_t> training_of_;
};

}  // namespace

WorkPlan make_work_plan(const Sweep& sweep, InputCatalog& catalog, const std::string& device_kind) {
    return Planner(sweep, catalog, device_kind).plan();
}

}  // namespace harrow::sweeps
