#include "worker/continual_run.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <utility>

#include <spdlog/spdlog.h>

#include "storage/checkpoint.hpp"
#include "storage/datasets/dataset.hpp"
#include "sweeps/error.hpp"
#include "sweeps/validation.hpp"
#include "worker/class_evaluation.hpp"
#include "worker/laps.hpp"

namespace harrow::worker {

namespace {

/// A class seen by now; `source` says where its features are.
struct SeenClass {
    const SequenceClass* source;
    bool held_out;  ///< the evaluation is of its images that were held out, else of its test images
    ClassEvaluation evaluation;
};

/// Rows of the training features that are not trained on, ascending.
std::vector<std::int64_t> held_out_rows(const FeatureRequest& train,
                                        const storage::FeatureInfo& info) {
    std::vector<std::string> names;
    for (const storage::FeatureSource& image : info.images) {
        names.emplace_back(storage::path_in_split(train.config.data.layout, image.relative_path));
    }
    return sweeps::held_out(names, train.config.validation.holdout);
}

/// 0 … count-1 without `left_out`, which ascends.
std::vector<std::int64_t> rows_without(std::int64_t count,
                                       const std::vector<std::int64_t>& left_out) {
    std::vector<std::int64_t> rows;
    for (std::int64_t row = 0; row < count; ++row) {
        if (!std::binary_search(left_out.begin(), left_out.end(), row)) {
            rows.push_back(row);
        }
    }
    return rows;
}

/// Features of the images that were held out, then of these images with pasted anomalies.
Features held_out_features(const SequenceClass& entry, FeatureStore& store, WorkMonitor& monitor) {
    const Features train = store.load(entry.train(), monitor);
    auto info = std::make_shared<storage::FeatureInfo>(*train.info);
    info->images.clear();
    std::vector<std::int64_t> rows = held_out_rows(entry.train(), *train.info);
    for (const std::int64_t row : rows) {
        info->images.push_back(train.info->images.at(static_cast<std::size_t>(row)));
    }
    std::vector<SharedRows> parts = {chosen_rows(train.rows, std::move(rows))};
    const auto synthetic = entry.views.find(sweeps::kValSynthView);
    if (synthetic != entry.views.end()) {
        const Features pasted = store.load(synthetic->second, monitor);
        parts.push_back(pasted.rows);
        info->images.insert(
            info->images.end(), pasted.info->images.begin(), pasted.info->images.end());
    }
    info->shape.images = static_cast<std::int64_t>(info->images.size());
    return {concatenated_rows(std::move(parts)), std::move(info)};
}

/// Training features of all classes of the task, in class order.
TaskData task_data(const SequenceTask& task,
                   int number,
                   FeatureStore& store,
                   WorkMonitor& monitor) {
    std::vector<SharedRows> parts;
    for (const SequenceClass& entry : task.classes) {
        const Features features = store.load(entry.train(), monitor);
        const std::vector<std::int64_t> left_out = held_out_rows(entry.train(), *features.info);
        parts.push_back(
            left_out.empty()
                ? features.rows
                : chosen_rows(features.rows, rows_without(features.rows->size(), left_out)));
        monitor.step();
    }
    return {number, concatenated_rows(std::move(parts))};
}

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

    void report_training() {
        monitor_.report(
            {place_.task, num_tasks_, place_.epoch, sequence_.epochs, "training", 0, 0});
    }

    void train_task() {
        if (stage_ == Stage::Evaluate) {
            return;
        }
        const TaskData data = task_data(
            sequence_.tasks[static_cast<std::size_t>(place_.task)], place_.task, store_, monitor_);
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
        method_->update_router(data);
        laps_.add_to(times_.train);
        add_seen(std::move(classes));
        stage_ = Stage::Evaluate;
        evaluated_ = 0;
        moved_ = true;
        publish_history();
    }

    std::vector<SeenClass> classes_of_task(int task) {
        std::vector<SeenClass> classes;
        for (const SequenceClass& entry : sequence_.tasks[static_cast<std::size_t>(task)].classes) {
            const Features features = store_.load(entry.test(), monitor_);
            check_same_images(entry, *features.info);
            classes.push_back(
                {&entry,
                 false,
                 ClassEvaluation(entry.name, task, num_tasks_, features, entry.test_paths)});
            if (entry.train().config.validation.holdout > 0) {
                const Features held_out = held_out_features(entry, store_, monitor_);
                std::vector<std::string> paths;
                for (const storage::FeatureSource& image : held_out.info->images) {
                    paths.push_back(image.relative_path);
                }
                classes.push_back(
                    {&entry,
                     true,
                     ClassEvaluation(entry.name, task, num_tasks_, held_out, std::move(paths))});
            }
        }
        return classes;
    }

    SharedRows rows_of(const SeenClass& entry) {
        return entry.held_out ? held_out_features(*entry.source, store_, monitor_).rows
                              : store_.load(entry.source->test(), monitor_).rows;
    }

    void add_seen(std::vector<SeenClass> classes) {
        std::move(classes.begin(), classes.end(), std::back_inserter(seen_));
    }

    void evaluate_task() {
        const int task = place_.task;
        monitor_.report({task, num_tasks_, sequence_.epochs, sequence_.epochs, "evaluating", 0, 0});
        while (evaluated_ < seen_.size()) {
            SeenClass& entry = seen_[evaluated_];
            const SharedRows features = rows_of(entry);
            ClassEvaluation evaluation = entry.evaluation;  // a stop leaves the old one whole
            evaluation.evaluate(*method_, *features, task, monitor_);
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
            const SharedRows features = rows_of(entry);
            if (!entry.evaluation.first_batch_unchanged(*method_, *features)) {
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
            (entry.held_out ? scores.validation : scores.classes)
                .push_back(entry.evaluation.take());
        }
        return scores;
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
