#pragma once

#include <cstdint>
#include <string>

#include <torch/torch.h>

#include "sweeps/trial_config.hpp"
#include "worker/method.hpp"
#include "worker/methods/anomalyvfm/adapter_model.hpp"
#include "worker/methods/training_progress.hpp"

namespace harrow::worker::anomalyvfm {

/// What names the random streams of a task: its first class, so that a category's result does not
/// depend on its place in the sequence. Throws std::logic_error without classes.
const std::string& task_name(const TaskData& data);

/// One task, all its epochs: AdamW without schedule and without clipping, binary cross-entropy of
/// normal images against anomalies (B3) and, where train.confidence_weight asks for it, the
/// confidence-weighted loss on patches. Everything random follows from seed, task, epoch and batch.
/// Starts where `progress` says and keeps it up to date, batch by batch, at every call of a hook.
/// Started again where it ended, it does nothing. Throws TrainingDiverged, and sweeps::DataError
/// where there is nothing to train on.
void train_adapters(const AdapterModel& model,
                    const TaskData& data,
                    const sweeps::TrialConfig& config,
                    std::uint64_t seed,
                    torch::Device device,
                    const TrainingHooks& hooks,
                    TrainingProgress& progress);

}  // namespace harrow::worker::anomalyvfm
