#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <torch/torch.h>

#include "sweeps/random.hpp"

namespace harrow::worker {

/// What a tensor of a model is for; decides when it is trained.
enum class TensorRole {
    Base,     ///< weights and biases that all experts share
    Context,  ///< shared spatial context: convolutions, their strength, the mixer
    Fixed,    ///< never trained: global affine, permutations
    Expert    ///< belongs to one expert
};

struct NamedTensor {
    std::string name;  ///< dotted path, e.g. flow.module_list.0.subnet.s_layer1.lora_A.2
    torch::Tensor tensor;
    TensorRole role = TensorRole::Fixed;
    int expert = -1;  ///< only with TensorRole::Expert
};
using NamedTensors = std::vector<NamedTensor>;

/// First values of a model's float32 tensors, drawn from one named stream of a trial on the CPU and
/// then moved to the device, so that they do not depend on the device or the global generator.
class Initialiser {
public:
    Initialiser(std::uint64_t trial_seed, const std::string& stream, torch::Device device);

    torch::Tensor uniform(torch::IntArrayRef shape, double bound);
    torch::Tensor normal(torch::IntArrayRef shape, double deviation);
    torch::Tensor constant(torch::IntArrayRef shape, double value) const;
    /// int64 [count], uniform over all orders.
    torch::Tensor permutation(std::int64_t count);

private:
    at::Generator generator_;
    sweeps::RandomStream permutations_;
    torch::Device device_;
};

}  // namespace harrow::worker
