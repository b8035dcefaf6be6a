#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include <torch/torch.h>

#include "sweeps/trial_config.hpp"
#include "worker/methods/moleflow/lora_linear.hpp"

namespace harrow::worker {

/// Rows of a flow are patches in the order image, row, column.
struct PatchGrid {
    std::int64_t images = 0;
    std::int64_t height = 0;
    std::int64_t width = 0;
};

/// What a coupling block computes scale and shift of its second part from.
class Subnet {
public:
    virtual ~Subnet() = default;
    virtual void add_expert(Initialiser& init) = 0;
    /// rows [N,in] -> raw scale and shift, [N,out/2] each.
    virtual std::pair<torch::Tensor, torch::Tensor> forward(const torch::Tensor& rows,
                                                            const PatchGrid& grid,
                                                            int expert) const = 0;
    virtual void collect(const std::string& prefix, NamedTensors& tensors) const = 0;
};

/// Two layers with a hidden width of 2·in; each patch on its own.
class PlainSubnet final : public Subnet {
public:
    PlainSubnet(std::int64_t in, std::int64_t out, const LoraOptions& lora, Initialiser& init);
    void add_expert(Initialiser& init) override;
    std::pair<torch::Tensor, torch::Tensor> forward(const torch::Tensor& rows,
                                                    const PatchGrid& grid,
                                                    int expert) const override;
    void collect(const std::string& prefix, NamedTensors& tensors) const override;

private:
    LoraLinear layer1_, layer2_;
};

/// Separate two-layer nets for scale and shift. The scale also sees the neighbourhood of each patch
/// through a depthwise convolution of strength max_alpha·sigmoid(a), all of it zero at the start.
class ContextSubnet final : public Subnet {
public:
    ContextSubnet(std::int64_t in,
                  std::int64_t out,
                  const LoraOptions& lora,
                  const sweeps::ModelConfig& config,
                  Initialiser& init);
    void add_expert(Initialiser& init) override;
    std::pair<torch::Tensor, torch::Tensor> forward(const torch::Tensor& rows,
                                                    const PatchGrid& grid,
                                                    int expert) const override;
    void collect(const std::string& prefix, NamedTensors& tensors) const override;

private:
    double max_alpha_;
    LoraLinear s_layer1_, s_layer2_, t_layer1_, t_layer2_;
    torch::Tensor context_weight_, context_bias_, context_scale_;
};

/// use_scale_context chooses.
std::unique_ptr<Subnet> make_subnet(std::int64_t in,
                                    std::int64_t out,
                                    const LoraOptions& lora,
                                    const sweeps::ModelConfig& config,
                                    Initialiser& init);

}  // namespace harrow::worker
