#pragma once

#include <torch/torch.h>

#include "sweeps/trial_config.hpp"

namespace harrow::worker {

/// Negative log-likelihood of every patch under the standard normal prior, which is also its
/// anomaly score: latent [B,H,W,D], logdet [B,H,W] -> [B,H,W].
torch::Tensor patch_nll(const torch::Tensor& latent, const torch::Tensor& logdet);

/// (1 - weight) · mean over all patches + weight · mean over each image's worst patches, of which
/// there are max(1, ⌊H·W·top_k_ratio⌋).
torch::Tensor tail_aware_nll(const torch::Tensor& nll, double weight, double top_k_ratio);

/// Mean over images of the sum over patches: H·W times larger than a mean over patches.
torch::Tensor summed_nll(const torch::Tensor& nll);

struct TrainingLoss {
    torch::Tensor total;   ///< what is minimised
    torch::Tensor data;    ///< without the log-det term; what is logged
    torch::Tensor logdet;  ///< mean squared log-determinant; undefined when lambda_logdet is 0
};
TrainingLoss training_loss(const torch::Tensor& latent,
                           const torch::Tensor& logdet,
                           const sweeps::TrainConfig& config);

}  // namespace harrow::worker
