#include "worker/continual_run.hpp"

#include <cstddef>
#include <stdexcept>
#include <utility>

#include "storage/datasets/dataset.hpp"
#include "sweeps/error.hpp"
#include "worker/class_evaluation.hpp"
#include "worker/laps.hpp"

namespace harrow::worker {

namespace {

/// A class seen by now; `source` says where its test features are.
struct SeenClass {
    const SequenceClass* source;
    ClassEvaluation evaluation;
};

/// Training features of all classes of the task, in class order.
TaskData task_data(const SequenceTask& task,
                   int number,
                   FeatureStore& store,
                   WorkMonitor& monitor) {
    std::vector<SharedRows> parts;
    for (const SequenceClass& entry : task.classes) {
        parts.push_back(store.load(entry.train, monitor).rows);
        monitor.step();
    }
    return {number, concatenated_rows(std::move(parts))};
}

void check_same_images(const SequenceClass& entry, const storage::FeatureInfo& info) {
    const std::string& layout = entry.test.config.data.layout;
    bool same = entry.test_paths.size() == info.images.size();
    for (std::size_t i = 0; same && i < entry.test_paths.size(); ++i) {
        same = storage::path_in_split(layout, entry.test_paths[i]) ==
               storage::path_in_split(layout, info.images[i].relative_path);
    }
    if (!same) {
        throw sweeps::DataError("the test images of class '" + entry.name + "' under " +
                                entry.test.config.data.root +
                                " are not those the sweep was validated with; put the old files "
                                "back, or run the sweep again in a new directory");
    }
}

void train_task(const TaskData& data,
                const ContinualSequence& sequence,
                Method& method,
                History& history,
                WorkMonitor& monitor) {
    WorkStatus status;
    status.task = data.task;
    status.tasks = static_cast<int>(sequence.tasks.size());
    status.epochs = sequence.epochs;
    status.text = "training";
    monitor.report(status);
    TrainingHooks hooks;
    hooks.on_epoch = [&](const EpochRecord& record) {
        history.add(record);
        status.epoch = record.epoch + 1;
        monitor.step();
        monitor.report(status);
    };
    hooks.stop = [&] {
        monitor.step();
        return monitor.stop_requested();
    };
    method.begin_task(data.task);
    method.train(data, hooks);
    if (monitor.stop_requested()) {
        throw WorkStopped();
    }
    method.update_router(data);
    history.publish();
}

void check_isolation(Method& method,
                     std::vector<SeenClass>& seen,
                     FeatureStore& store,
                     WorkMonitor& monitor) {
    for (SeenClass& entry : seen) {
        const SharedRows features = store.load(entry.source->test, monitor).rows;
        if (!entry.evaluation.first_batch_unchanged(method, *features)) {
            throw std::logic_error("later tasks changed the scores of class '" +
                                   entry.source->name +
                                   "' under its own expert, which its method excludes");
        }
        monitor.step();
    }
}

}  // namespace

storage::PatchScores run_continual(const ContinualSequence& sequence,
                                   Method& method,
                                   FeatureStore& store,
                                   History& history,
                                   coordinator::WorkTimes& times,
                                   WorkMonitor& monitor) {
    Laps laps;
    const int num_tasks = static_cast<int>(sequence.tasks.size());
    std::vector<SeenClass> seen;
    for (int number = 0; number < num_tasks; ++number) {
        const SequenceTask& task = sequence.tasks[static_cast<std::size_t>(number)];
        train_task(task_data(task, number, store, monitor), sequence, method, history, monitor);
        laps.add_to(times.train);

        monitor.report({number, num_tasks, sequence.epochs, sequence.epochs, "evaluating", 0, 0});
        for (const SequenceClass& entry : task.classes) {
            const Features features = store.load(entry.test, monitor);
            check_same_images(entry, *features.info);
            seen.push_back(
                {&entry,
                 ClassEvaluation(entry.name, number, num_tasks, features, entry.test_paths)});
        }
        for (SeenClass& entry : seen) {
            const SharedRows features = store.load(entry.source->test, monitor).rows;
            entry.evaluation.evaluate(method, *features, number, monitor);
        }
        laps.add_to(times.evaluate);
    }
    if (method.has_isolated_experts()) {
        check_isolation(method, seen, store, monitor);
        laps.add_to(times.evaluate);
    }
    storage::PatchScores scores;
    scores.num_tasks = num_tasks;
    scores.has_router = method.has_router();
    for (SeenClass& entry : seen) {
        scores.classes.push_back(entry.evaluation.take());
    }
    return scores;
}

}  // namespace harrow::worker
