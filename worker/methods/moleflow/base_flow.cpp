#include "worker/methods/moleflow/base_flow.hpp"

#include <cmath>

#include "sweeps/error.hpp"

namespace harrow::worker {
namespace {

constexpr double kSubnetGain = 0.1;

AffineBounds bounds_of(ClampVariant clamp) {
    const double slope = clamp == ClampVariant::Head ? kSubnetGain / kLogScaleLimit : kSubnetGain;
    return {slope, kLogScaleLimit, kSubnetGain};
}

}  // namespace

ClampVariant parse_clamp_variant(const std::string& name) {
    if (name == "head") {
        return ClampVariant::Head;
    }
    if (name == "pypi02") {
        return ClampVariant::Pypi02;
    }
    throw sweeps::UsageError("model.clamp_variant is '" + name + "'; use head or pypi02");
}

CouplingBlock::CouplingBlock(std::int64_t channels,
                             const LoraOptions& lora,
                             const sweeps::ModelConfig& config,
                             Initialiser& init)
    : passive_(channels - channels / 2),
      active_(channels / 2),
      bounds_(bounds_of(parse_clamp_variant(config.clamp_variant))),
      subnet_(make_subnet(passive_, 2 * active_, lora, config, init)),
      // softplus of this start value times 0.1 is 1
      global_scale_raw_(init.constant({1, channels}, 2 * std::log(std::exp(5.0) - 1))),
      global_offset_(init.constant({1, channels}, 0)),
      permutation_(init.permutation(channels)),
      inverse_permutation_(permutation_.argsort()) {}

torch::Tensor CouplingBlock::global_gain() const {
    return 0.1 * torch::softplus(global_scale_raw_, 0.5);
}

FlowOutput CouplingBlock::forward(const torch::Tensor& rows,
                                  const PatchGrid& grid,
                                  int expert) const {
    const std::vector<torch::Tensor> parts = rows.split_with_sizes({passive_, active_}, 1);
    const auto [raw_scale, raw_shift] = subnet_->forward(parts[0], grid, expert);
    const FlowOutput moved = bounded_affine(parts[1], raw_scale, raw_shift, bounds_);
    const torch::Tensor gain = global_gain();
    return {permuted_affine(
                parts[0], moved.latent, gain, global_offset_, permutation_, inverse_permutation_),
            moved.logdet + gain.log().sum()};
}

FlowOutput CouplingBlock::inverse(const torch::Tensor& rows,
                                  const PatchGrid& grid,
                                  int expert) const {
    const torch::Tensor gain = global_gain();
    const torch::Tensor joined =
        (rows.index_select(1, inverse_permutation_) - global_offset_) / gain;
    const std::vector<torch::Tensor> parts = joined.split_with_sizes({passive_, active_}, 1);
    const auto [raw_scale, raw_shift] = subnet_->forward(parts[0], grid, expert);
    const FlowOutput moved = bounded_affine_inverse(parts[1], raw_scale, raw_shift, bounds_);
    return {torch::cat({parts[0], moved.latent}, 1), moved.logdet - gain.log().sum()};
}

void CouplingBlock::collect(const std::string& prefix, NamedTensors& tensors) const {
    tensors.push_back({prefix + "global_scale", global_scale_raw_, TensorRole::Fixed});
    tensors.push_back({prefix + "global_offset", global_offset_, TensorRole::Fixed});
    tensors.push_back({prefix + "w_perm", permutation_, TensorRole::Fixed});
    tensors.push_back({prefix + "w_perm_inv", inverse_permutation_, TensorRole::Fixed});
    subnet_->collect(prefix + "subnet.", tensors);
}

BaseFlow::BaseFlow(std::int64_t channels, const sweeps::ModelConfig& config, Initialiser& init) {
    // As in the reference, no LoRA means no task biases either.
    const LoraOptions lora{config.lora_rank,
                           config.lora_alpha,
                           config.use_lora,
                           config.use_lora && config.use_task_bias};
    for (int i = 0; i < config.num_coupling_layers; ++i) {
        blocks_.emplace_back(channels, lora, config, init);
    }
}

void BaseFlow::add_expert(Initialiser& init) {
    for (CouplingBlock& block : blocks_) {
        block.add_expert(init);
    }
}

FlowOutput BaseFlow::forward(const torch::Tensor& rows, const PatchGrid& grid, int expert) const {
    FlowOutput flow{rows, rows.new_zeros({rows.size(0)})};
    for (const CouplingBlock& block : blocks_) {
        FlowOutput step = block.forward(flow.latent, grid, expert);
        flow = {std::move(step.latent), flow.logdet + step.logdet};
    }
    return flow;
}

FlowOutput BaseFlow::inverse(const torch::Tensor& rows, const PatchGrid& grid, int expert) const {
    FlowOutput flow{rows, rows.new_zeros({rows.size(0)})};
    for (auto block = blocks_.rbegin(); block != blocks_.rend(); ++block) {
        FlowOutput step = block->inverse(flow.latent, grid, expert);
        flow = {std::move(step.latent), flow.logdet + step.logdet};
    }
    return flow;
}

void BaseFlow::collect(const std::string& prefix, NamedTensors& tensors) const {
    for (std::size_t i = 0; i < blocks_.size(); ++i) {
        blocks_[i].collect(prefix + "module_list." + std::to_string(i) + ".", tensors);
    }
}

}  // namespace harrow::worker
