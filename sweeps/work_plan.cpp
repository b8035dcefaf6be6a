#include "sweeps/work_plan.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "sweeps/anomalies.hpp"
#include "sweeps/canonical.hpp"
#include "sweeps/class_config.hpp"
#include "sweeps/error.hpp"
#include "sweeps/feature_views.hpp"
#include "sweeps/keys.hpp"
#include "sweeps/parameters.hpp"
#include "sweeps/sweep_weights.hpp"

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
            features_.push_back(add_extractions(i));
        }
        for (std::size_t nth = 0; nth < most_seeds; ++nth) {
            for (std::size_t i = 0; i < sweep_.cells.size(); ++i) {
                if (nth < sweep_.cells[i].seeds.size()) {
                    add_to_training(first_trial[i] + nth, nth);
                }
            }
        }
        return std::move(plan_);
    }

private:
    /// What a cell's trainings read.
    struct CellFeatures {
        /// For each of its seeds, or once where none of them matters.
        std::vector<std::vector<Digest>> keys;
        std::int64_t epoch_rows = 0;
    };

    CellFeatures add_extractions(std::size_t index) {
        const Cell& cell = sweep_.cells[index];
        if (!uses_data(cell.config)) {
            return {{{}}, 0};
        }
        const std::vector<ClassViews> classes = views_of(cell);
        const bool by_seed = std::any_of(classes.begin(), classes.end(), [](const ClassViews& one) {
            return std::any_of(one.views->begin(), one.views->end(), [](const View& view) {
                return depends_on_seed(view.view);
            });
        });
        CellFeatures features;
        for (std::size_t nth = 0; nth < (by_seed ? cell.seeds.size() : 1); ++nth) {
            features.keys.push_back(add_extractions(index, classes, cell.seeds.at(nth)));
        }
        for (const ClassViews& one : classes) {
            features.epoch_rows += epoch_rows(one);
        }
        return features;
    }

    struct View {
        FeatureView view;
        std::string features;  ///< canonical
    };
    struct ClassViews {
        const ClassFacts* facts;
        std::shared_ptr<const std::vector<View>> views;
    };

    static std::int64_t epoch_rows(const ClassViews& one) {
        for (const View& view : *one.views) {
            if (view.view.name == kAnomaliesView) {
                return 2 * view_images(view.view, *one.facts, 0).images;
            }
        }
        const bool only_measures = one.views->front().view.config.method == "anomalyvfm";
        return only_measures ? 0 : one.facts->train.images;
    }

    /// In sequence order.
    std::vector<ClassViews> views_of(const Cell& cell) {
        const DatasetFacts& facts = facts_of(cell.config.data);
        std::shared_ptr<const std::vector<View>> shared;
        std::vector<ClassViews> classes;
        for (const std::vector<std::string>& task : cell.tasks) {
            for (const std::string& class_name : task) {
                if (!shared || !cell.config.per_class.empty()) {
                    shared = views_of(config_of_class(cell.config, class_name));
                }
                classes.push_back({&facts_of(facts, class_name), shared});
            }
        }
        return classes;
    }

    static std::shared_ptr<const std::vector<View>> views_of(const TrialConfig& config) {
        auto views = std::make_shared<std::vector<View>>();
        for (FeatureView& view : feature_views(config)) {
            std::string features = canonical_text(view.config, {Stage::Features});
            views->push_back({std::move(view), std::move(features)});
        }
        return views;
    }

    /// Keys of the views of the cell's classes in sequence order.
    std::vector<Digest> add_extractions(std::size_t index,
                                        const std::vector<ClassViews>& classes,
                                        std::uint64_t seed) {
        const TrialConfig& config = sweep_.cells[index].config;
        const Digest weights = weights_digest(config.backbone, catalog_);
        std::vector<Digest> keys;
        for (const ClassViews& one : classes) {
            for (const View& view : *one.views) {
                const SplitFacts images = view_images(view.view, *one.facts, seed);
                const Digest& key =
                    key_of(view.features, view.view.config, weights, images.images_digest);
                keys.push_back(key);
                if (extraction_of_.emplace(key, plan_.extractions.size()).second) {
                    plan_.extractions.push_back({key,
                                                 one.facts->name,
                                                 view.view.split,
                                                 view.view.name,
                                                 images.images,
                                                 images.images_digest,
                                                 index,
                                                 view.view.config,
                                                 anomaly_seed(view.view.config.synthetic, seed),
                                                 depends_on_seed(view.view)});
                }
            }
        }
        return keys;
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

    /// `nth`: which of the cell's seeds the trial has.
    void add_to_training(std::size_t trial_index, std::size_t nth) {
        PlannedTrial& trial = plan_.trials[trial_index];
        const Cell& cell = sweep_.cells[trial.cell];
        const CellFeatures& of_cell = features_[trial.cell];
        const std::vector<Digest>& features =
            of_cell.keys.size() == 1 ? of_cell.keys[0] : of_cell.keys.at(nth);
        const Digest key =
            training_key(cell.config, cell.tasks, features, trial.seed, device_kind_);
        const auto [found, is_new] = training_of_.emplace(key, plan_.trainings.size());
        if (is_new) {
            plan_.trainings.push_back(
                {key, trial.seed, trial.cell, {}, features, of_cell.epoch_rows});
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
    std::vector<CellFeatures> features_;  ///< per cell
    std::map<std::tuple<std::string, Digest, Digest>, Digest> known_keys_;
    std::unordered_map<Digest, std::size_t> extraction_of_;
    std::unordered_map<Digest, std::size_t> training_of_;
};

}  // namespace

std::string label_of(const PlannedExtraction& extraction) {
    return extraction.class_name + "/" + extraction.view +
           (extraction.depends_on_seed ? " seed " + std::to_string(extraction.seed) : "");
}

WorkPlan make_work_plan(const Sweep& sweep, InputCatalog& catalog, const std::string& device_kind) {
    return Planner(sweep, catalog, device_kind).plan();
}

}  // namespace harrow::sweeps
