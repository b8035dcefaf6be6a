#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <torch/torch.h>

#include "sweeps/trial_config.hpp"
#include "worker/methods/moleflow/affine_kernels.hpp"
#include "worker/methods/moleflow/subnets.hpp"

namespace harrow::worker {

/// How the log-scale saturates at ±1.9. FrEIA changed its formula without changing the range.
enum class ClampVariant {
    Head,   ///< c·tanh(a/c)
    Pypi02  ///< c·tanh(a), the released version 0.2
};
/// "head" or "pypi02"; throws sweeps::UsageError.
ClampVariant parse_clamp_variant(const std::string& name);

/// FrEIA's "all-in-one" affine coupling of D channels: the second ⌊D/2⌋ are scaled and shifted by
/// what the subnet sees in the rest, then a global affine map and a fixed permutation follow.
class CouplingBlock {
public:
    CouplingBlock(std::int64_t channels,
                  const LoraOptions& lora,
                  const sweeps::ModelConfig& config,
                  Initialiser& init);

    void add_expert(Initialiser& init) { subnet_->add_expert(init); }
    FlowOutput forward(const torch::Tensor& rows, const PatchGrid& grid, int expert) const;
    /// Undoes forward; its logdet is the negative of forward's.
    FlowOutput inverse(const torch::Tensor& rows, const PatchGrid& grid, int expert) const;
    const Subnet& subnet() const { return *subnet_; }
    void collect(const std::string& prefix, NamedTensors& tensors) const;

private:
    torch::Tensor global_gain() const;

    std::int64_t passive_, active_;  ///< channels that condition, channels that are transformed
    AffineBounds bounds_;
    std::unique_ptr<Subnet> subnet_;
    torch::Tensor global_scale_raw_, global_offset_;  ///< [1,D]
    torch::Tensor permutation_, inverse_permutation_;
};

/// num_coupling_layers blocks in a row; none is the identity.
class BaseFlow {
public:
    BaseFlow(std::int64_t channels, const sweeps::ModelConfig& config, Initialiser& init);

    void add_expert(Initialiser& init);
    FlowOutput forward(const torch::Tensor& rows, const PatchGrid& grid, int expert) const;
    FlowOutput inverse(const torch::Tensor& rows, const PatchGrid& grid, int expert) const;
    const std::vector<CouplingBlock>& blocks() const { return blocks_; }
    void collect(const std::string& prefix, NamedTensors& tensors) const;

private:
    std::vector<CouplingBlock> blocks_;
};

}  // namespace harrow::worker
