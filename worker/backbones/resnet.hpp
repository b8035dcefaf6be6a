#pragma once

#include <optional>
#include <vector>

#include "worker/backbones/loaded_backbone.hpp"

namespace harrow::worker {

class WeightsLoader;

/// ResNet and wide ResNet up to the last stage wanted, with batch normalisation folded into the
/// convolutions at load (in double; its statistics are frozen). Tensor names as in torchvision and
/// timm, which agree. Stride of a bottleneck in its 3 x 3 convolution.
class ResNet : public LoadedBackbone {
public:
    /// Throws sweeps::UsageError and sweeps::DataError as make_backbone.
    ResNet(const sweeps::BackboneArchitecture& architecture,
           const sweeps::BackboneConfig& config,
           torch::Device device);

    torch::Tensor extract(const torch::Tensor& images) override;
    /// Outputs of `backbone.layers` in their order, [B,C,h,w].
    std::vector<torch::Tensor> activations(const torch::Tensor& images) const;
    /// Tensors of the file that no feature needs.
    const std::vector<std::string>& skipped_tensors() const { return skipped_; }

private:
    struct Convolution {
        torch::Tensor weight;  ///< [out,in,k,k], scaled by the normalisation
        torch::Tensor bias;    ///< [out]
        std::int64_t stride = 1;
        std::int64_t padding = 0;
    };
    struct Block {
        std::vector<Convolution> body;
        std::optional<Convolution> shortcut;
    };

    /// `convolution` and `normalisation` are prefixes of tensor names; shape [out,in,k,k].
    Convolution folded(WeightsLoader& file,
                       const std::string& convolution,
                       const std::string& normalisation,
                       const std::vector<std::int64_t>& shape,
                       std::int64_t stride,
                       bool wanted) const;
    std::vector<Block> load_stage(WeightsLoader& file, int stage, bool wanted) const;
    Block load_block(WeightsLoader& file,
                     const std::string& prefix,
                     int stage,
                     std::int64_t inputs,
                     std::int64_t stride,
                     bool wanted) const;
    static torch::Tensor apply(const Convolution& layer, const torch::Tensor& map);
    static torch::Tensor apply(const Block& block, const torch::Tensor& map);

    Convolution stem_;
    std::vector<std::vector<Block>> stages_;  ///< up to the last one wanted
    std::vector<std::string> skipped_;
};

}  // namespace harrow::worker
