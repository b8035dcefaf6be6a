#pragma once

#include <cstdint>

#include <torch/torch.h>

#include "sweeps/trial_config.hpp"
#include "worker/method.hpp"
#include "worker/methods/moleflow/losses.hpp"
#include "worker/methods/moleflow/moleflow_model.hpp"
#include "worker/methods/training_progress.hpp"
#include "worker/optimizers/adam.hpp"

namespace harrow::worker {

struct StepResult {
    bool stepped = false;     ///< false: the loss was NaN or above 1e8 and nothing changed
    double total = 0;         ///< loss that was minimised
    double data = 0;          ///< without the log-det term
    double logdet = 0;        ///< mean squared log-determinant
    torch::Tensor grad_norm;  ///< scalar, before clipping; defined when stepped
};

/// One optimisation step on a batch of patch features [B,H,W,D] on the model's device.
StepResult training_step(const MoleflowModel& model,
                         int expert,
                         const torch::Tensor& features,
                         const sweeps::TrainConfig& config,
                         double lr,
                         Adam& optimizer);

enum class Schedule { Base, WarmUp };

/// When the host learns whether the losses of steps were usable.
enum class LossCheck {
    EveryStep,
    /// A device is never waited for inside an epoch; an epoch with an unusable loss is taken back
    /// and made again with a check at every step. The results are those of EveryStep.
    EveryEpoch
};

struct ExpertTraining {
    int expert = 0;
    Freezing freezing = Freezing::Isolate;
    Schedule schedule = Schedule::Base;
    LossCheck loss_check = LossCheck::EveryStep;
};

/// One expert on one task: all epochs, shuffled batches, the last incomplete batch left out.
/// Starts where `progress` says and keeps it up to date at every call of a hook: inside an epoch
/// batch by batch, with LossCheck::EveryEpoch at the epoch's start. Started again where it ended,
/// it does nothing. Throws TrainingDiverged, and sweeps::DataError for fewer images than one batch.
void train_expert(const MoleflowModel& model,
                  const ExpertTraining& plan,
                  const TaskData& data,
                  const sweeps::TrainConfig& config,
                  std::uint64_t seed,
                  torch::Device device,
                  const TrainingHooks& hooks,
                  TrainingProgress& progress);

}  // namespace harrow::worker
