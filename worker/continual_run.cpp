#include "worker/continual_run.hpp"

#include <cstddef>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <spdlog/spdlog.h>

#include "storage/checkpoint.hpp"
#include "storage/datasets/dataset.hpp"
#include "sweeps/error.hpp"
#include "worker/class_evaluation.hpp"
#include "worker/class_features.hpp"
#include "worker/laps.hpp"

namespace harrow::worker {

namespace {

/// A class seen by now; `source` says where its features are.
struct SeenClass {
    const SequenceClass* source;
    EvaluatedImages images;
    ClassEvaluation evaluation;
};

void check_same_images(const SequenceClass& entry, const storage::FeatureInfo& info) {
    const std::string& layout = entry.test().config.data.layout;
    bool same = entry.test_paths.size() == info.images.size();
    for (std::size_t i = 0; same && i < entry.test_paths.size(); ++i) {
        same = storage::path_in_split(layout, entry.test_paths[i]) ==
               storage::path_in_split(layout, info.images[i].relative_path);
    }
    if (!same) {
        throw sweeps::DataError("the test images of class '" + entry.name + "' under " +
                                entry.test().config.data.root +
                                " are not those the sweep was validated with; put the old files "
                                "back, or run the sweep again in a new directory");
    }
}

using Stage = SavedTraining::Stage;

/// The sequence under way. Between any two batches, save() describes it for going on.
class ContinualRun {
public:
    ContinualRun(const ContinualSequence& sequence,
                 FeatureStore& store,
                 History& history,
                 TrainingCheckpoints& checkpoints,
                 coordinator::WorkTimes& times,
                 WorkMonitor& monitor)
        : sequence_(sequence),
          store_(store),
          history_(history),
          checkpoints_(checkpoints),
          times_(times),
          monitor_(monitor),
          num_tasks_(static_cast<int>(sequence.tasks.size())) {}

    storage::PatchScores run(const MethodFactory& make_method) {
        try {
            begin(make_method);
            while (place_.task < num_tasks_) {
                train_task();
                evaluate_task();
            }
            if (method_->has_isolated_experts()) {
                check_isolation();
            }
        } catch (const WorkCancelled&) {
            throw;
        } catch (const WorkStopped&) {
            if (moved_) {
                save();
            }
            throw;
        }
        return take_scores();
    }

    /// Numbers that were trained, by task; after run().
    std::vector<std::int64_t> parameters() const {
        std::vector<std::int64_t> counts;
        for (int task = 0; task < num_tasks_; ++task) {
            counts.push_back(method_->trained_parameters(task));
        }
        return counts;
    }

private:
    void begin(const MethodFactory& make_method) {
        const bool resumed = checkpoints_.resume([&](const SavedTraining& saved) {
            method_ = make_method();
            restore(saved);
        });
        if (!resumed) {
            method_ = make_method();
            seen_.clear();
            place_ = {};
            stage_ = Stage::Begin;
            evaluated_ = 0;
        }
        laps_ = {};
    }

    void restore(const SavedTraining& saved) {
        const int seen_tasks = saved.place.task + (saved.stage == Stage::Evaluate ? 1 : 0);
        if (saved.place.task > num_tasks_ || seen_tasks > num_tasks_) {
            throw storage::UnusableCheckpoint("it is of a longer sequence");
        }
        method_->load_state(saved.tensors);
        seen_.clear();
        for (int task = 0; task < seen_tasks; ++task) {
            add_seen(classes_of_task(task));
        }
        for (std::size_t i = 0; i < seen_.size(); ++i) {
            seen_[i].evaluation.restore(name_of_class(i), saved.tensors);
        }
        history_.restore(kHistory, saved.tensors);
        place_ = saved.place;
        stage_ = saved.stage;
        evaluated_ = static_cast<std::size_t>(saved.evaluated);
        times_.train += saved.train_seconds;
        times_.evaluate += saved.evaluate_seconds;
    }

    void save(std::optional<int> after_task = std::nullopt) {
        laps_.add_to(stage_ == Stage::Train ? times_.train : times_.evaluate);
        SavedTraining saved;
        saved.stage = stage_;
        saved.place = place_;
        saved.evaluated = static_cast<int>(evaluated_);
        saved.train_seconds = times_.train;
        saved.evaluate_seconds = times_.evaluate;
        saved.tensors = method_->save_state();
        history_.save(kHistory, saved.tensors);
        for (std::size_t i = 0; i < seen_.size(); ++i) {
            seen_[i].evaluation.save(name_of_class(i), saved.tensors);
        }
        checkpoints_.save(saved, after_task);
        moved_ = false;
    }

    void step_forward() {
        moved_ = true;
        monitor_.step();
        if (checkpoints_.due()) {
            save();
        }
    }

    const SequenceTask& task_of(int task) const {
        return sequence_.tasks[static_cast<std::size_t>(task)];
    }

    void report_training() {
        const int epochs = task_of(place_.task).epochs;
        monitor_.report({place_.task, num_tasks_, place_.epoch, epochs, "training", 0, 0});
    }

    void train_task() {
        if (stage_ == Stage::Evaluate) {
            return;
        }
        const TaskData data = task_data(task_of(place_.task), place_.task, store_, monitor_);
        if (stage_ == Stage::Begin) {
            method_->begin_task(data.task);
            stage_ = Stage::Train;
        }
        report_training();
        TrainingHooks hooks;
        hooks.on_epoch = [&](const EpochRecord& record) {
            history_.add(record);
            place_.epoch = record.epoch + 1;
            step_forward();
            report_training();
        };
        hooks.stop = [&] {
            step_forward();
            return monitor_.stop_requested();
        };
        method_->train(data, hooks);
        stop_if_asked(monitor_);
        std::vector<SeenClass> classes = classes_of_task(place_.task);  // may stop
        method_->update_router(data, [&] { step_or_stop(monitor_); });
        laps_.add_to(times_.train);
        add_seen(std::move(classes));
        stage_ = Stage::Evaluate;
        evaluated_ = 0;
        moved_ = true;
        publish_history();
    }

    std::vector<SeenClass> classes_of_task(int task) {
        std::vector<SeenClass> classes;
        for (const SequenceClass& entry : task_of(task).classes) {
            for (const EvaluatedImages which : {EvaluatedImages::Test,
                                                EvaluatedImages::HeldOut,
                                                EvaluatedImages::ValidationSplit}) {
                if (has_images(entry, which)) {
                    classes.push_back(unscored(entry, task, which));
                }
            }
        }
        return classes;
    }

    SeenClass unscored(const SequenceClass& entry, int task, EvaluatedImages which) {
        const EvaluationSet set = set_of(entry, which);
        std::vector<std::string> paths = entry.test_paths;
        if (which == EvaluatedImages::Test) {
            check_same_images(entry, *set.images.info);
        } else {
            paths.clear();
            for (const storage::FeatureSource& image : set.images.info->images) {
                paths.push_back(image.relative_path);
            }
        }
        return {
            &entry, which, ClassEvaluation(entry.name, task, num_tasks_, set, std::move(paths))};
    }

    EvaluationSet set_of(const SequenceClass& entry, EvaluatedImages which) {
        return evaluation_set(entry, which, method_->scores_images(), store_, monitor_);
    }

    void add_seen(std::vector<SeenClass> classes) {
        std::move(classes.begin(), classes.end(), std::back_inserter(seen_));
    }

    void evaluate_task() {
        const int task = place_.task;
        const int epochs = task_of(task).epochs;
        monitor_.report({task, num_tasks_, epochs, epochs, "evaluating", 0, 0});
        while (evaluated_ < seen_.size()) {
            SeenClass& entry = seen_[evaluated_];
            const EvaluationSet set = set_of(*entry.source, entry.images);
            ClassEvaluation evaluation = entry.evaluation;  // a stop leaves the old one whole
            evaluation.evaluate(*method_, set, task, monitor_);
            entry.evaluation = std::move(evaluation);
            moved_ = true;
            if (++evaluated_ < seen_.size()) {
                step_forward();
            }
        }
        laps_.add_to(times_.evaluate);
        place_ = {task + 1, 0};
        stage_ = Stage::Begin;
        evaluated_ = 0;
        if (place_.task < num_tasks_ || checkpoints_.wanted_afterwards()) {
            save(task);
        }
    }

    void check_isolation() {
        for (SeenClass& entry : seen_) {
            const EvaluationSet set = set_of(*entry.source, entry.images);
            if (!entry.evaluation.is_unchanged(*method_, set)) {
                throw std::logic_error("later tasks changed the scores of class '" +
                                       entry.source->name +
                                       "' under its own expert, which its method excludes");
            }
            monitor_.step();
        }
        laps_.add_to(times_.evaluate);
    }

    /// For readers of a training under way: a full disk must not end it.
    void publish_history() {
        try {
            history_.publish();
        } catch (const sweeps::StorageError& error) {
            spdlog::warn("history.csv could not be written: {}", error.what());
        }
    }

    storage::PatchScores take_scores() {
        history_.publish();
        storage::PatchScores scores;
        scores.num_tasks = num_tasks_;
        scores.has_router = method_->has_router();
        for (SeenClass& entry : seen_) {
            classes_in(scores, entry.images).push_back(entry.evaluation.take());
        }
        return scores;
    }

    static std::vector<storage::ClassScores>& classes_in(storage::PatchScores& scores,
                                                         EvaluatedImages which) {
        switch (which) {
            case EvaluatedImages::HeldOut:
                return scores.validation;
            case EvaluatedImages::ValidationSplit:
                return scores.validation_split;
            case EvaluatedImages::Test:
                break;
        }
        return scores.classes;
    }

    static std::string name_of_class(std::size_t index) {
        return "run.evaluation." + std::to_string(index) + ".";
    }
    static constexpr const char* kHistory = "run.history";

    const ContinualSequence& sequence_;
    FeatureStore& store_;
    History& history_;
    TrainingCheckpoints& checkpoints_;
    coordinator::WorkTimes& times_;
    WorkMonitor& monitor_;
    int num_tasks_;
    std::unique_ptr<Method> method_;
    std::vector<SeenClass> seen_;
    TrainingPlace place_;
    Stage stage_ = Stage::Begin;
    std::size_t evaluated_ = 0;  ///< of seen_, after place_.task
    bool moved_ = false;         ///< since the last checkpoint or the start
    Laps laps_;
};

}  // namespace

storage::PatchScores run_continual(const ContinualSequence& sequence,
                                   const MethodFactory& make_method,
                                   FeatureStore& store,
                                   History& history,
                                   TrainingCheckpoints& checkpoints,
                                   coordinator::WorkTimes& times,
                                   std::vector<std::int64_t>& parameters,
                                   WorkMonitor& monitor) {
    ContinualRun run(sequence, store, history, checkpoints, times, monitor);
    storage::PatchScores scores = run.run(make_method);
    parameters = run.parameters();
    return scores;
}

}  // namespace harrow::worker
