#pragma once

#include <cstdint>
#include <limits>
#include <optional>

#include <torch/torch.h>

#include "worker/method.hpp"
#include "worker/optimizers/adam.hpp"
#include "worker/state_tensors.hpp"

namespace harrow::worker {

struct EpochSums {
    std::int64_t steps = 0;  ///< batches with a usable loss
    double loss = 0;         ///< over the steps
    torch::Tensor
        grad_norm;  ///< over the steps, a scalar on the device; undefined before the first
    double last_loss = std::numeric_limits<double>::quiet_NaN();
};

/// Where an expert's training on a task stands. The order of the images is no part of it: it
/// follows from the seed, the task and the epoch.
struct TrainingProgress {
    int epoch = 0;           ///< under way, from 0
    std::int64_t batch = 0;  ///< batches of the epoch that are done
    EpochSums sums;          ///< over them
    /// Nothing: not begun. With values where those of the model are ahead of this place.
    std::optional<Adam::State> optimizer;
};

/// After the last batch of the epoch under way, of which there were `batches`: the next one begins,
/// and then hooks.on_epoch is told. Throws TrainingDiverged when no batch could be used.
void end_epoch(TrainingProgress& progress,
               Adam::State moments,
               int task,
               double lr,
               std::int64_t batches,
               const TrainingHooks& hooks);

/// As named tensors `training.…`, `optimizer.…`; nothing between two trainings.
void save_progress(const TrainingProgress& progress, StateTensors& state);
/// Throws storage::UnusableCheckpoint when a tensor is missing or does not fit.
TrainingProgress restored_progress(const StateTensors& state);

}  // namespace harrow::worker
