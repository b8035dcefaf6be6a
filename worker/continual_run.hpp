#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "coordinator/work.hpp"
#include "storage/patch_scores.hpp"
#include "worker/continual_sequence.hpp"
#include "worker/feature_store.hpp"
#include "worker/history.hpp"
#include "worker/method.hpp"
#include "worker/training_checkpoints.hpp"
#include "worker/work_monitor.hpp"

namespace harrow::worker {

/// Always the same method, new.
using MethodFactory = std::function<std::unique_ptr<Method>()>;

/// Trains a method on one task after the other and, after each, scores the test images of every
/// class seen so far, the images that were held out and those of the split `validation`, if any:
/// under the expert the router picks and under the one of the class's task. Begins where
/// `checkpoints` ends, if it has one that is usable; what results is the same to the bit.
/// `training_key` of the result stays empty; `times` gains what training and evaluation took,
/// before the checkpoint too; `parameters` becomes what the method trained, by task. Throws what
/// the method and the feature store throw, WorkStopped once what was done is in a checkpoint,
/// WorkCancelled, and std::logic_error when a method that declares isolated experts changed one.
storage::PatchScores run_continual(const ContinualSequence& sequence,
                                   const MethodFactory& make_method,
                                   FeatureStore& store,
                                   History& history,
                                   TrainingCheckpoints& checkpoints,
                                   coordinator::WorkTimes& times,
                                   std::vector<std::int64_t>& parameters,
                                   WorkMonitor& monitor);

}  // namespace harrow::worker
