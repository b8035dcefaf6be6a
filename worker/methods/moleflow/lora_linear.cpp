#include "worker/methods/moleflow/lora_linear.hpp"

#include <cmath>

namespace harrow::worker {

LoraLinear::LoraLinear(std::int64_t in,
                       std::int64_t out,
                       const LoraOptions& options,
                       Initialiser& init)
    : options_(options), scaling_(options.alpha / options.rank) {
    const double bound = 1 / std::sqrt(static_cast<double>(in));
    weight_ = init.uniform({out, in}, bound);
    bias_ = init.uniform({out}, bound);
}

void LoraLinear::add_expert(Initialiser& init) {
    const std::int64_t out = weight_.size(0);
    const std::int64_t in = weight_.size(1);
    if (options_.use_lora) {
        const double fan = static_cast<double>(in + options_.rank);
        lora_a_.push_back(init.uniform({options_.rank, in}, std::sqrt(6 / fan)));
        lora_b_.push_back(init.constant({out, options_.rank}, 0));
    }
    if (options_.use_task_bias) {
        task_biases_.push_back(init.constant({out}, 0));
    }
    ++num_experts_;
}

// Merging costs out·rank·in once; thin products for every row of a batch would cost more, forward
// and backward.
DenseLayer LoraLinear::merged(int expert) const {
    DenseLayer layer{weight_, bias_};
    if (!has_expert(expert)) {
        return layer;
    }
    const auto index = static_cast<std::size_t>(expert);
    if (options_.use_lora) {
        layer.weight = torch::addmm(weight_, lora_b_[index], lora_a_[index], 1, scaling_);
    }
    if (options_.use_task_bias) {
        layer.bias = bias_ + task_biases_[index];
    }
    return layer;
}

void LoraLinear::collect(const std::string& prefix, NamedTensors& tensors) const {
    tensors.push_back({prefix + "base_linear.weight", weight_, TensorRole::Base});
    tensors.push_back({prefix + "base_linear.bias", bias_, TensorRole::Base});
    for (int expert = 0; expert < num_experts_; ++expert) {
        const auto index = static_cast<std::size_t>(expert);
        const std::string suffix = std::to_string(expert);
        if (options_.use_lora) {
            tensors.push_back(
                {prefix + "lora_A." + suffix, lora_a_[index], TensorRole::Expert, expert});
            tensors.push_back(
                {prefix + "lora_B." + suffix, lora_b_[index], TensorRole::Expert, expert});
        }
        if (options_.use_task_bias) {
            tensors.push_back({prefix + "task_biases." + suffix,
                               task_biases_[index],
                               TensorRole::Expert,
                               expert});
        }
    }
}

}  // namespace harrow::worker
