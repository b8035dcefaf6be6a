#pragma once

#include <cstdint>
#include <string>

#include <torch/torch.h>

#include "sweeps/trial_config.hpp"
#include "worker/methods/initialiser.hpp"

namespace harrow::worker {

/// Sinusoidal position of every patch [H,W,D]: the first half of the channels encodes the column,
/// the second the row. D is a multiple of 4.
torch::Tensor positional_embedding(std::int64_t height,
                                   std::int64_t width,
                                   std::int64_t channels,
                                   torch::Device device);

/// Layer normalisation of each patch over its channels, then a scale in (0.5, 2) and a shift in
/// (-2, 2) per channel of one expert.
class WhiteningAdapter {
public:
    /// The first expert starts at a scale of about 1, later ones at 1.25.
    WhiteningAdapter(std::int64_t channels, bool first_expert, Initialiser& init);
    torch::Tensor forward(const torch::Tensor& maps) const;  ///< [B,H,W,D] -> [B,H,W,D]
    torch::Tensor gamma() const;
    torch::Tensor beta() const;
    void collect(const std::string& prefix, int expert, NamedTensors& tensors) const;

private:
    torch::Tensor gamma_raw_, beta_raw_;  ///< [1,1,1,D]
};

enum class MixerMode { Depthwise, DepthwiseResidual, LocalStats, Full };
/// depthwise, depthwise_residual, local_stats or full; throws sweeps::UsageError.
MixerMode parse_mixer_mode(const std::string& name);

/// Lets every patch see its k×k neighbourhood before the flow; shared by all experts.
class SpatialContextMixer {
public:
    SpatialContextMixer(std::int64_t channels, MixerMode mode, int kernel, Initialiser& init);
    torch::Tensor forward(const torch::Tensor& maps) const;  ///< [B,H,W,D] -> [B,H,W,D]
    void collect(const std::string& prefix, NamedTensors& tensors) const;

private:
    torch::Tensor convolved(const torch::Tensor& maps) const;
    torch::Tensor local_deviation(const torch::Tensor& maps) const;
    torch::Tensor projected(const torch::Tensor& stacked) const;
    bool has_projection() const;

    MixerMode mode_;
    int kernel_;
    torch::Tensor conv_weight_, conv_bias_, gate_;
    torch::Tensor hidden_weight_, hidden_bias_, out_weight_, out_bias_;  ///< projection modes only
};

}  // namespace harrow::worker
