#pragma once

#include <cstdint>
#include <memory>

#include <torch/torch.h>

#include "sweeps/trial_config.hpp"
#include "worker/method.hpp"

namespace harrow::worker {

/// `moleflow`: one expert per task, chosen for an image by the nearest prototype. With
/// model.unfreeze_base every task also trains what all experts share.
std::unique_ptr<Method> make_moleflow(const sweeps::TrialConfig& config,
                                      FeatureGeometry geometry,
                                      std::uint64_t seed,
                                      torch::Device device);

/// `finetune`: the same model with one expert, all of it trained on every task in turn. It shows
/// what forgetting looks like.
std::unique_ptr<Method> make_finetune(const sweeps::TrialConfig& config,
                                      FeatureGeometry geometry,
                                      std::uint64_t seed,
                                      torch::Device device);

}  // namespace harrow::worker
