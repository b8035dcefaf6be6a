#pragma once

#include <functional>

#include "worker/methods/moleflow/moleflow_model.hpp"
#include "worker/methods/moleflow/router.hpp"
#include "worker/methods/moleflow/training.hpp"
#include "worker/state_tensors.hpp"

/// Methods' parts as named tensors: `model.…`, `router.…`, `training.…`, `optimizer.…`. What is
/// restored throws storage::UnusableCheckpoint when a tensor is missing, unknown or does not fit.
namespace harrow::worker {

void save_model(const MoleflowModel& model, StateTensors& state);
/// Into a model as it was made; `add_expert` is called for every expert that was added since.
void restore_model(const StateTensors& state,
                   MoleflowModel& model,
                   const std::function<void()>& add_expert);

void save_router(const PrototypeRouter& router, StateTensors& state);
void restore_router(const StateTensors& state, PrototypeRouter& router);

/// Nothing between two trainings.
void save_progress(const TrainingProgress& progress, StateTensors& state);
TrainingProgress restored_progress(const StateTensors& state);

}  // namespace harrow::worker
