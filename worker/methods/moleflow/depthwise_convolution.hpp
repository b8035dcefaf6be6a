#pragma once

#include <torch/torch.h>

namespace harrow::worker {

/// Convolution of every channel with its own k×k kernel, stride 1, zero padding k/2, on maps that
/// keep channels last: maps [B,H,W,C] (the last dimension dense), weight [C,1,k,k], bias [C] ->
/// [B,H,W,C]. Differentiable in all three.
torch::Tensor depthwise_convolution(const torch::Tensor& maps,
                                    const torch::Tensor& weight,
                                    const torch::Tensor& bias);

}  // namespace harrow::worker
