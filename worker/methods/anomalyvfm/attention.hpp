#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <torch/torch.h>

#include "worker/methods/anomalyvfm/layers.hpp"

/// How AnomalyVFM joins what its layers say of an image (AnomalyVFM B5, B6).
namespace harrow::worker::anomalyvfm {

/// Self-attention as torch's MultiheadAttention computes it, without dropout.
class SelfAttention {
public:
    /// The heads divide the channels.
    SelfAttention(std::int64_t channels, int heads, Initialiser& init);
    /// [B,L,D] -> [B,L,D]
    torch::Tensor operator()(const torch::Tensor& x) const;
    void collect(const std::string& prefix, NamedTensors& tensors) const;

private:
    int heads_;
    torch::Tensor in_weight_;  ///< [3 D, D]: queries, keys, values
    torch::Tensor in_bias_;    ///< [3 D]
    torch::Tensor out_weight_, out_bias_;
};

/// 1.3: one vector of the vectors of all scales. Only trains what is before it.
class ScaleFusion {
public:
    ScaleFusion(
        std::int64_t channels, std::int64_t scales, int heads, double dropout, Initialiser& init);
    /// Of every scale features [B,D] and attention [B] -> [B,D]
    torch::Tensor operator()(const std::vector<torch::Tensor>& features,
                             const std::vector<torch::Tensor>& attention,
                             Dropout& dropout) const;
    void collect(const std::string& prefix, NamedTensors& tensors) const;

private:
    std::vector<Linear> projections_;
    torch::Tensor weights_;  ///< [scales], before softmax
    Linear widen_, narrow_;
    LayerNorm norm_;
    SelfAttention attention_;
    double dropout_;
};

/// 1.4: one vector of what the layers made, and how much attention the image deserves.
class LayerAnalyzer {
public:
    LayerAnalyzer(std::int64_t channels, int heads, std::int64_t hidden, Initialiser& init);

    struct Output {
        torch::Tensor feature;    ///< [B,D]
        torch::Tensor attention;  ///< [B], in (0, 1)
    };
    /// Of every layer its output [B,D] and attention [B].
    Output operator()(const std::vector<torch::Tensor>& layers,
                      const std::vector<torch::Tensor>& attention) const;
    /// Without the final attention, which no loss depends on.
    void collect_trained(const std::string& prefix, NamedTensors& tensors) const;
    void collect(const std::string& prefix, NamedTensors& tensors) const;

private:
    SelfAttention attention_;
    Linear final_hidden_, final_;
};

}  // namespace harrow::worker::anomalyvfm
