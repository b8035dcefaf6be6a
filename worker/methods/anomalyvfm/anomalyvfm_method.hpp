#pragma once

#include <cstdint>
#include <memory>

#include <torch/torch.h>

#include "sweeps/trial_config.hpp"
#include "worker/method.hpp"

namespace harrow::worker {

/// `anomalyvfm`: one expert per task, whose low-rank layers are trained on the task's images and
/// anomalies made of them, and which scores by Mahalanobis distance. `geometry`: of the view train,
/// [1,scales,D].
std::unique_ptr<Method> make_anomalyvfm(const sweeps::TrialConfig& config,
                                        FeatureGeometry geometry,
                                        std::uint64_t seed,
                                        torch::Device device);

}  // namespace harrow::worker
