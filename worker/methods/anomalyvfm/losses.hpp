#pragma once

#include <torch/torch.h>

namespace harrow::worker::anomalyvfm {

/// Binary cross-entropy of logits [B] against labels [B] of 0 and 1, mean.
torch::Tensor anomaly_loss(const torch::Tensor& logits, const torch::Tensor& labels);

/// AnomalyVFM B3: c = ‖patch‖₂, resized bilinearly to the masks; mean(σ(c / temperature) · (c -
/// mask)²). Patches [B,H,W,D], masks [B,S,S] of 0 and 1.
torch::Tensor confidence_loss(const torch::Tensor& patches,
                              const torch::Tensor& masks,
                              double temperature);

}  // namespace harrow::worker::anomalyvfm
