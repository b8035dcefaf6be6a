#include "worker/methods/initialiser.hpp"

#include <ATen/CPUGeneratorImpl.h>

namespace harrow::worker {

Initialiser::Initialiser(std::uint64_t trial_seed, const std::string& stream, torch::Device device)
    : generator_(at::make_generator<at::CPUGeneratorImpl>(sweeps::stream_seed(trial_seed, stream))),
      permutations_(trial_seed, stream + "/permutations"),
      device_(device) {}

torch::Tensor Initialiser::uniform(torch::IntArrayRef shape, double bound) {
    return torch::empty(shape, torch::kFloat32).uniform_(-bound, bound, generator_).to(device_);
}

torch::Tensor Initialiser::normal(torch::IntArrayRef shape, double deviation) {
    return torch::empty(shape, torch::kFloat32).normal_(0, deviation, generator_).to(device_);
}

torch::Tensor Initialiser::constant(torch::IntArrayRef shape, double value) const {
    return torch::full(shape, value, torch::TensorOptions(torch::kFloat32).device(device_));
}

torch::Tensor Initialiser::permutation(std::int64_t count) {
    const std::vector<std::int64_t> order = sweeps::random_permutation(count, permutations_);
    return torch::tensor(order, torch::kInt64).to(device_);
}

}  // namespace harrow::worker
