#include "worker/class_features.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "storage/datasets/held_out.hpp"
#include "sweeps/error.hpp"

namespace harrow::worker {

namespace {

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

/// The views of one class, as they come from the store.
class ClassViews {
public:
    ClassViews(const SequenceClass& entry, FeatureStore& store, WorkMonitor& monitor)
        : entry_(entry), store_(store), monitor_(monitor) {}

    Features load(const char* view) const {
        Features features = store_.load(entry_.views.at(view), monitor_);
        monitor_.step();
        return features;
    }
    /// Rows of a view that shows the images of another; null without it.
    SharedRows load_beside(const char* view, const Features& images, const char* of) const {
        if (entry_.views.count(view) == 0) {
            return nullptr;
        }
        const Features features = load(view);
        const auto same = [](const storage::FeatureSource& a, const storage::FeatureSource& b) {
            return a.digest == b.digest;
        };
        const std::vector<storage::FeatureSource>& here = features.info->images;
        const std::vector<storage::FeatureSource>& there = images.info->images;
        if (!std::equal(here.begin(), here.end(), there.begin(), there.end(), same)) {
            throw sweeps::DataError("class '" + entry_.name + "': the features " +
                                    entry_.views.at(view).key + " (" + view +
                                    ") are not of the images of " + entry_.views.at(of).key + " (" +
                                    of + "); remove both from the cache and run again");
        }
        return features.rows;
    }
    /// Rows of the training features that are not trained on, ascending.
    std::vector<std::int64_t> held_out(const Features& train) const {
        const sweeps::TrialConfig& config = entry_.train().config;
        return storage::held_out_images(
            config.data.layout, train.info->images, config.validation.holdout);
    }

private:
    const SequenceClass& entry_;
    FeatureStore& store_;
    WorkMonitor& monitor_;
};

/// The second after the first; null where one of them is.
SharedRows joined(SharedRows first, SharedRows second) {
    return first && second ? concatenated_rows({std::move(first), std::move(second)}) : nullptr;
}

EvaluationSet held_out_set(const SequenceClass& entry, const ClassViews& views) {
    const Features train = views.load(sweeps::kTrainView);
    SharedRows maps = views.load_beside(sweeps::kTrainMapsView, train, sweeps::kTrainView);
    const std::vector<std::int64_t> rows = views.held_out(train);
    auto info = std::make_shared<storage::FeatureInfo>(*train.info);
    info->images.clear();
    for (const std::int64_t row : rows) {
        info->images.push_back(train.info->images.at(static_cast<std::size_t>(row)));
    }
    EvaluationSet set;
    set.images.rows = chosen_rows(train.rows, rows);
    set.maps = maps ? chosen_rows(std::move(maps), rows) : nullptr;
    if (entry.views.count(sweeps::kValSynthView) > 0) {
        const Features pasted = views.load(sweeps::kValSynthView);
        set.images.rows = joined(set.images.rows, pasted.rows);
        set.maps = joined(
            set.maps, views.load_beside(sweeps::kValSynthMapsView, pasted, sweeps::kValSynthView));
        info->images.insert(
            info->images.end(), pasted.info->images.begin(), pasted.info->images.end());
    }
    info->shape.images = static_cast<std::int64_t>(info->images.size());
    set.images.info = std::move(info);
    return set;
}

EvaluationSet whole_set(const ClassViews& views, const char* view, const char* maps_view) {
    EvaluationSet set;
    set.images = views.load(view);
    set.maps = views.load_beside(maps_view, set.images, view);
    return set;
}

EvaluationSet loaded_set(const SequenceClass& entry,
                         EvaluatedImages which,
                         const ClassViews& views) {
    switch (which) {
        case EvaluatedImages::HeldOut:
            return held_out_set(entry, views);
        case EvaluatedImages::ValidationSplit:
            return whole_set(views, sweeps::kValidationView, sweeps::kValidationMapsView);
        case EvaluatedImages::Test:
            break;
    }
    return whole_set(views, sweeps::kTestView, sweeps::kTestMapsView);
}

TaskClass class_data(const SequenceClass& entry, const ClassViews& views) {
    const Features train = views.load(sweeps::kTrainView);
    const std::vector<std::int64_t> held_out = views.held_out(train);
    const auto trained = [&](SharedRows rows) {
        return held_out.empty() || !rows ? rows
                                         : chosen_rows(rows, rows_without(rows->size(), held_out));
    };
    TaskClass data;
    data.name = entry.name;
    data.features = trained(train.rows);
    data.maps = trained(views.load_beside(sweeps::kTrainMapsView, train, sweeps::kTrainView));
    if (entry.views.count(sweeps::kAnomaliesView) > 0) {
        const Features anomalies = views.load(sweeps::kAnomaliesView);
        data.anomalies = anomalies.rows;
        data.anomaly_patches =
            views.load_beside(sweeps::kAnomalyPatchesView, anomalies, sweeps::kAnomaliesView);
    }
    return data;
}

}  // namespace

bool has_images(const SequenceClass& entry, EvaluatedImages which) {
    switch (which) {
        case EvaluatedImages::HeldOut:
            return entry.train().config.validation.holdout > 0;
        case EvaluatedImages::ValidationSplit:
            return entry.views.count(sweeps::kValidationView) > 0;
        case EvaluatedImages::Test:
            break;
    }
    return true;
}

EvaluationSet evaluation_set(const SequenceClass& entry,
                             EvaluatedImages which,
                             bool scores_images,
                             FeatureStore& store,
                             WorkMonitor& monitor) {
    EvaluationSet set = loaded_set(entry, which, ClassViews(entry, store, monitor));
    set.scores_images = scores_images;
    if (!scores_images) {
        set.maps = set.images.rows;
    }
    return set;
}

TaskData task_data(const SequenceTask& task,
                   int number,
                   FeatureStore& store,
                   WorkMonitor& monitor) {
    TaskData data;
    data.task = number;
    std::vector<SharedRows> parts;
    for (const SequenceClass& entry : task.classes) {
        data.classes.push_back(class_data(entry, ClassViews(entry, store, monitor)));
        parts.push_back(data.classes.back().features);
    }
    data.features = concatenated_rows(std::move(parts));
    return data;
}

}  // namespace harrow::worker
