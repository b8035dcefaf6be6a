#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <torch/torch.h>

#include "worker/methods/initialiser.hpp"
#include "worker/methods/moleflow/relu_network.hpp"

namespace harrow::worker {

/// Expert number of a forward pass through the shared weights alone.
constexpr int kNoExpert = -1;

struct LoraOptions {
    int rank = 64;
    double alpha = 1.0;
    bool use_lora = true;
    bool use_task_bias = true;
};

/// A linear map all experts share plus a low-rank correction and a bias of each expert t:
/// y = (W + alpha/rank B_t A_t) x + b + b_t.
class LoraLinear {
public:
    /// Weight [out,in] and bias [out] start uniform in ±1/sqrt(in).
    LoraLinear(std::int64_t in, std::int64_t out, const LoraOptions& options, Initialiser& init);

    /// Experts are added in order 0, 1, …; A [rank,in] starts Xavier-uniform, B [out,rank] and the
    /// bias at zero, so that a new expert computes what the shared weights compute.
    void add_expert(Initialiser& init);

    /// The expert's own layer, W + alpha/rank B_t A_t and b + b_t. An expert that was never added
    /// counts as kNoExpert.
    DenseLayer merged(int expert) const;

    void collect(const std::string& prefix, NamedTensors& tensors) const;

private:
    bool has_expert(int expert) const { return expert >= 0 && expert < num_experts_; }

    LoraOptions options_;
    double scaling_;
    int num_experts_ = 0;
    torch::Tensor weight_, bias_;
    std::vector<torch::Tensor> lora_a_, lora_b_, task_biases_;
};

}  // namespace harrow::worker
