#pragma once

#include "worker/continual_sequence.hpp"
#include "worker/feature_store.hpp"
#include "worker/method.hpp"
#include "worker/work_monitor.hpp"

/// A class's views, put together as methods train on them and are evaluated with them.
namespace harrow::worker {

/// Images of one class that are evaluated together. Where rows come from is the store's affair:
/// nothing is loaded but the batches that are asked for.
struct EvaluationSet {
    Features images;  ///< are routed and, by a method that scores images, scored
    /// Whose patches are scored, of the same images; of a method that scores patches only, the same
    /// rows. Null: there are no maps.
    SharedRows maps;
    bool scores_images = false;
};

enum class EvaluatedImages {
    Test,
    HeldOut,         ///< of validation.holdout; after them the same with pasted anomalies, if any
    ValidationSplit  ///< the data set's own split
};

bool has_images(const SequenceClass& entry, EvaluatedImages which);

/// `scores_images`: as Method has it; then maps are a view of their own, or there are none. Throws
/// as FeatureStore::load, and sweeps::DataError when two views are not of the same images.
EvaluationSet evaluation_set(const SequenceClass& entry,
                             EvaluatedImages which,
                             bool scores_images,
                             FeatureStore& store,
                             WorkMonitor& monitor);

/// What a task is trained on: no image that is held out is among it. Throws as evaluation_set.
TaskData task_data(const SequenceTask& task, int number, FeatureStore& store, WorkMonitor& monitor);

}  // namespace harrow::worker
