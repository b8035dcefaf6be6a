#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <torch/torch.h>

#include "worker/methods/initialiser.hpp"
#include "worker/methods/moleflow/affine_kernels.hpp"
#include "worker/methods/moleflow/relu_network.hpp"

namespace harrow::worker {

/// Deep invertible adapter: affine couplings of one expert after the base flow, the identity at the
/// start. Even blocks transform the second half of the channels, odd blocks the first.
class DeepInvertibleAdapter {
public:
    /// `channels` is even; the nets are ⌊channels·hidden_ratio⌋ wide.
    DeepInvertibleAdapter(std::int64_t channels,
                          int num_blocks,
                          double hidden_ratio,
                          Initialiser& init);

    FlowOutput forward(const torch::Tensor& rows) const;
    FlowOutput inverse(const torch::Tensor& rows) const;
    void collect(const std::string& prefix, int expert, NamedTensors& tensors) const;

private:
    using Net = std::vector<DenseLayer>;
    struct Block {
        Net scale, shift;
    };
    using AffineStep = decltype(&bounded_affine);

    FlowOutput pass_through(const torch::Tensor& rows, AffineStep affine, bool backwards) const;

    std::int64_t half_;
    std::vector<Block> blocks_;
};

}  // namespace harrow::worker
