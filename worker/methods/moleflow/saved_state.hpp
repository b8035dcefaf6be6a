#pragma once

#include <functional>

#include "worker/methods/moleflow/moleflow_model.hpp"
#include "worker/state_tensors.hpp"

/// The model as named tensors `model.…`. What is restored throws storage::UnusableCheckpoint when a
/// tensor is missing, unknown or does not fit.
namespace harrow::worker {

void save_model(const MoleflowModel& model, StateTensors& state);
/// Into a model as it was made; `add_expert` is called for every expert that was added since.
void restore_model(const StateTensors& state,
                   MoleflowModel& model,
                   const std::function<void()>& add_expert);

}  // namespace harrow::worker
