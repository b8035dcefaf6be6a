#include "analysis/scoring.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <set>
#include <utility>

#include "analysis/class_scoring.hpp"
#include "analysis/continual.hpp"
#include "analysis/validation_scoring.hpp"
#include "sweeps/error.hpp"
#include "sweeps/metric_names.hpp"

namespace harrow::analysis {
namespace {

const char* routing_name(Routing routing) {
    return routing == Routed ? "routed" : "oracle";
}

const ClassTruth& truth_of(const std::string& class_name, const std::vector<ClassTruth>& truth) {
    const auto found = std::find_if(truth.begin(), truth.end(), [&](const ClassTruth& candidate) {
        return candidate.class_name == class_name;
    });
    if (found == truth.end()) {
        throw sweeps::DataError("class '" + class_name +
                                "' was trained, but the dataset does not have it any more");
    }
    return *found;
}

/// Of every class, in order; `validation` is empty without images that were held out.
struct TrialValues {
    std::vector<ClassValues> classes;
    std::vector<ClassValidation> validation;
};

/// Assembles the rows of one trial from the values of its classes.
class TrialRows {
public:
    TrialRows(const storage::PatchScores& scores, const TrialValues& values)
        : scores_(scores), classes_(values.classes), validation_(values.validation) {}

    std::vector<sweeps::MetricRow> build() {
        for (int after = 0; after < scores_.num_tasks; ++after) {
            for (std::size_t c = 0; c < classes_.size(); ++c) {
                if (classes_[c].task <= after) {
                    add_class(after, c);
                }
            }
            add_means(after);
        }
        for (const Routing routing : {Routed, Oracle}) {
            for (std::size_t metric = 0; metric < kNumTestMetrics; ++metric) {
                add_continual(routing, metric);
            }
        }
        return std::move(rows_);
    }

private:
    const std::optional<double>& value(int after,
                                       std::size_t c,
                                       Routing routing,
                                       std::size_t metric) {
        return classes_[c].values[static_cast<std::size_t>(after)][routing][metric];
    }

    void add(int after,
             const std::string& class_name,
             Routing routing,
             const std::string& metric,
             const std::optional<double>& number) {
        if (number) {
            rows_.push_back({after, class_name, routing_name(routing), metric, *number});
        }
    }

    void add_class(int after, std::size_t c) {
        const std::string& name = scores_.classes[c].class_name;
        for (const Routing routing : {Routed, Oracle}) {
            for (std::size_t metric = 0; metric < kNumTestMetrics; ++metric) {
                add(after,
                    name,
                    routing,
                    sweeps::test_metric_names()[metric],
                    value(after, c, routing, metric));
            }
        }
        add(after,
            name,
            Routed,
            "routing_acc",
            classes_[c].routing_acc[static_cast<std::size_t>(after)]);
        for (std::size_t number = 0; c < validation_.size() && number < kNumValidationMetrics;
             ++number) {
            for (const Routing routing : {Routed, Oracle}) {
                add(after,
                    name,
                    routing,
                    sweeps::validation_metric_names()[number],
                    validation_value(after, c, routing, number));
            }
        }
    }

    const std::optional<double>& validation_value(int after,
                                                  std::size_t c,
                                                  Routing routing,
                                                  std::size_t number) const {
        return validation_[c].values[static_cast<std::size_t>(after)][routing][number];
    }

    void add_validation_means(int after) {
        for (std::size_t number = 0; number < kNumValidationMetrics; ++number) {
            for (const Routing routing : {Routed, Oracle}) {
                const auto mean = mean_seen(
                    after, [&](std::size_t c) -> const auto& {
                        return validation_value(after, c, routing, number);
                    });
                add(after, "mean", routing, sweeps::validation_metric_names()[number], mean);
            }
        }
    }

    // Unweighted over the classes seen; absent when one of them has no value.
    template <typename ValueOf>
    std::optional<double> mean_seen(int after, ValueOf value_of) const {
        double sum = 0;
        std::size_t seen = 0;
        for (std::size_t c = 0; c < classes_.size(); ++c) {
            if (classes_[c].task > after) {
                continue;
            }
            const std::optional<double>& number = value_of(c);
            if (!number) {
                return std::nullopt;
            }
            sum += *number;
            ++seen;
        }
        return seen == 0 ? std::nullopt : std::optional(sum / static_cast<double>(seen));
    }

    void add_means(int after) {
        for (const Routing routing : {Routed, Oracle}) {
            for (std::size_t metric = 0; metric < kNumTestMetrics; ++metric) {
                const auto mean = mean_seen(
                    after, [&](std::size_t c) -> const auto& {
                        return value(after, c, routing, metric);
                    });
                add(after, "mean", routing, sweeps::test_metric_names()[metric], mean);
            }
        }
        const auto mean = mean_seen(
            after, [&](std::size_t c) -> const auto& {
                return classes_[c].routing_acc[static_cast<std::size_t>(after)];
            });
        add(after, "mean", Routed, "routing_acc", mean);
        if (!validation_.empty()) {
            add_validation_means(after);
        }
    }

    void add_continual(Routing routing, std::size_t metric) {
        const auto tasks = static_cast<std::size_t>(scores_.num_tasks);
        ContinualMatrix matrix;
        matrix.values.assign(tasks, std::vector<double>(classes_.size(), 0.0));
        for (std::size_t c = 0; c < classes_.size(); ++c) {
            matrix.class_task.push_back(classes_[c].task);
            for (int after = classes_[c].task; after < scores_.num_tasks; ++after) {
                const auto& number = value(after, c, routing, metric);
                if (!number) {
                    return;
                }
                matrix.values[static_cast<std::size_t>(after)][c] = *number;
            }
        }
        const ContinualMetrics metrics = continual_metrics(matrix);
        const std::string& name = sweeps::test_metric_names()[metric];
        const int last = scores_.num_tasks - 1;
        add(last, "mean", routing, name + ".acc", metrics.acc);
        add(last, "mean", routing, name + ".aia", metrics.aia);
        add(last, "mean", routing, name + ".la", metrics.la);
        add(last, "mean", routing, name + ".bwt", metrics.bwt);
        add(last, "mean", routing, name + ".fm", metrics.fm);
    }

    const storage::PatchScores& scores_;
    const std::vector<ClassValues>& classes_;
    const std::vector<ClassValidation>& validation_;
    std::vector<sweeps::MetricRow> rows_;
};

/// One class's images of the split `validation`, none of which is defective.
class NormalSplit {
public:
    NormalSplit(const storage::PatchScores& scores, const storage::ClassScores& tested) {
        for (const storage::ClassScores& split : scores.validation_split) {
            if (split.class_name == tested.class_name) {
                if (split.task != tested.task) {
                    throw sweeps::StorageError("training " + scores.training_key + ", class '" +
                                               split.class_name +
                                               "': its validation images are of another task; "
                                               "remove the patch scores and run again");
                }
                truth_ = {split.class_name, {}, {}, {}, "validation images"};
                truth_.labels.assign(static_cast<std::size_t>(split.images), 0);
                scores_.emplace(ClassMaps(scores, split, truth_));
            }
        }
    }
    NormalSplit(const NormalSplit&) = delete;
    NormalSplit& operator=(const NormalSplit&) = delete;
    /// Null without such images.
    NormalScores* scores() { return scores_ ? &*scores_ : nullptr; }

private:
    ClassTruth truth_;  // scores_ refers to it
    std::optional<NormalScores> scores_;
};

TrialScoring assemble(const storage::PatchScores& scores, const TrialValues& all) {
    TrialScoring trial;
    for (const ClassValues& values : all.classes) {
        if (values.invalid_scores) {
            trial.invalid_scores = values.invalid_scores;
            return trial;
        }
        for (const std::string& reason : values.undefined) {
            if (std::find(trial.undefined.begin(), trial.undefined.end(), reason) ==
                trial.undefined.end()) {
                trial.undefined.push_back(reason);
            }
        }
    }
    for (const ClassValidation& values : all.validation) {
        if (values.invalid_scores) {
            trial.invalid_scores = values.invalid_scores;
            return trial;
        }
    }
    if (scores.num_tasks == 1) {
        trial.undefined.emplace_back("bwt and fm are undefined because the sequence has one task");
    }
    trial.rows = TrialRows(scores, all).build();
    return trial;
}

}  // namespace

std::vector<TrialScoring> score_training(const storage::PatchScores& scores,
                                         const std::vector<ClassTruth>& truth,
                                         const std::vector<sweeps::ScoreConfig>& configs,
                                         const std::vector<ClassTruth>& validation) {
    if (scores.classes.empty() || scores.num_tasks < 1) {
        throw sweeps::StorageError("training " + scores.training_key +
                                   ": the patch scores hold no class");
    }
    std::set<double> limits;
    for (const sweeps::ScoreConfig& config : configs) {
        limits.insert(config.aupro_limit);
    }
    const std::vector<double> aupro_limits(limits.begin(), limits.end());
    // Class by class, so that masks and ranked maps of one class are in memory at a time.
    std::vector<TrialValues> values(configs.size());
    for (const storage::ClassScores& class_scores : scores.classes) {
        ClassScorer scorer(
            scores, class_scores, truth_of(class_scores.class_name, truth), aupro_limits);
        NormalSplit split(scores, class_scores);
        for (std::size_t config = 0; config < configs.size(); ++config) {
            ClassValues of_class = scorer.score(configs[config]);
            if (NormalScores* normal = split.scores()) {
                scorer.add_local_f1(configs[config], *normal, of_class);
            }
            if (configs[config].aucpro_compat) {
                scorer.add_aucpro(configs[config], of_class);
            }
            values[config].classes.push_back(std::move(of_class));
        }
    }
    for (const storage::ClassScores& class_scores : scores.validation) {
        ClassScorer scorer(
            scores, class_scores, truth_of(class_scores.class_name, validation), aupro_limits);
        for (std::size_t config = 0; config < configs.size(); ++config) {
            values[config].validation.push_back(
                validate_class(scorer, configs[config], class_scores.task, scores.num_tasks));
        }
    }
    std::vector<TrialScoring> trials;
    for (const TrialValues& trial : values) {
        trials.push_back(assemble(scores, trial));
    }
    return trials;
}

}  // namespace harrow::analysis
