#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <torch/torch.h>

#include "sweeps/random.hpp"
#include "worker/methods/initialiser.hpp"

/// The trained parts of AnomalyVFM on features of D channels (AnomalyVFM B3, B5, B6). Tensors are
/// float32 on one device; names are the reference's.
namespace harrow::worker::anomalyvfm {

/// Sets numbers to zero at random and scales the others up. Masks are drawn on the CPU from a named
/// stream, so that they are the same on every device and no generator is global. Default-made: off.
class Dropout {
public:
    Dropout() = default;
    Dropout(std::uint64_t trial_seed, const std::string& stream)
        : random_(sweeps::RandomStream(trial_seed, stream)) {}
    /// `rate` in [0, 1).
    torch::Tensor operator()(const torch::Tensor& x, double rate);

private:
    std::optional<sweeps::RandomStream> random_;
};

/// weight [out, in], bias [out]; first values uniform within ±1/sqrt(in).
struct Linear {
    Linear(std::int64_t in, std::int64_t out, Initialiser& init);
    torch::Tensor operator()(const torch::Tensor& x) const {
        return torch::linear(x, weight, bias);
    }
    void collect(const std::string& prefix, NamedTensors& tensors) const;

    torch::Tensor weight, bias;
};

/// Over the channels, epsilon 1e-5; weight 1 and bias 0 at first.
struct LayerNorm {
    LayerNorm(std::int64_t channels, Initialiser& init);
    torch::Tensor operator()(const torch::Tensor& x) const;
    void collect(const std::string& prefix, NamedTensors& tensors) const;

    torch::Tensor weight, bias;
};

/// What a layer multiplies its low-rank term by.
enum class LayerKind {
    Plain,           ///< 1.1, 1.2: nothing; no normalisation either
    ScaleAttention,  ///< 1.3: one number per row
    AttentionGuide   ///< 1.4: one number per row, times one per channel (importance)
};

struct LayerOptions {
    LayerKind kind = LayerKind::Plain;
    std::int64_t channels = 0;
    int rank = 0;
    double scale = 1;  ///< alpha / rank
    double init_std = 0.01;
    double dropout = 0.1;
    double importance_dropout = 0.1;
    std::int64_t guide_hidden = 0;
    std::int64_t importance_hidden = 0;
};

struct LayerOutput {
    torch::Tensor y;
    torch::Tensor
        attention;  ///< per row of the input, [B] or [B,N]; undefined for LayerKind::Plain
};

/// y = x + a · scale · dropout(n A B), with n = x and a = 1 for a plain layer, else n = LN(x) and a
/// what the kind says. B is zero at first: the layer is the identity.
class AdaptedLayer {
public:
    AdaptedLayer(const LayerOptions& options, Initialiser& init);

    /// [B,D] or [B,N,D] -> the same shape, every row by itself. With `mix_batch` a kind with
    /// attention makes [B,B,D] of [B,D], entry (b, j) = x_j + a_b · Δ_j: what the reference's
    /// attention of shape (B,1,1) does (B7-1).
    LayerOutput operator()(const torch::Tensor& x, bool mix_batch, Dropout& dropout) const;
    void collect(const std::string& prefix, NamedTensors& tensors) const;

private:
    torch::Tensor attention(const torch::Tensor& normed) const;
    torch::Tensor importance(const torch::Tensor& normed, Dropout& dropout) const;

    LayerOptions options_;
    torch::Tensor lora_a_;  ///< [D, rank]
    torch::Tensor lora_b_;  ///< [rank, D]
    std::optional<LayerNorm> norm_;
    std::vector<Linear> guide_;       ///< ReLU between them, a sigmoid after the last
    std::vector<Linear> importance_;  ///< two, ReLU and dropout between them, a sigmoid after
};

/// Layers one after the other.
class Cascade {
public:
    Cascade(const LayerOptions& options, int layers, Initialiser& init);

    struct Output {
        std::vector<torch::Tensor> layers;     ///< of every layer, [B,D]; mixed: [B,B,D]
        std::vector<torch::Tensor> attention;  ///< [B] of every layer, mean over what is mixed
    };
    /// [B,D]
    Output operator()(const torch::Tensor& x, bool mix_batch, Dropout& dropout) const;
    void collect(const std::string& prefix, NamedTensors& tensors) const;

private:
    std::vector<AdaptedLayer> layers_;
};

/// Says of a feature how anomalous it is; only trains the layers before it (B3).
class Head {
public:
    /// Widths of the hidden layers in order.
    Head(std::int64_t channels,
         const std::vector<std::int64_t>& hidden,
         double dropout,
         Initialiser& init);
    /// [B,D] -> logits [B]
    torch::Tensor operator()(const torch::Tensor& x, Dropout& dropout) const;
    void collect(const std::string& prefix, NamedTensors& tensors) const;

private:
    std::vector<Linear> layers_;
    double dropout_;
};

/// x / ‖x‖ over the last dimension; zeros stay zeros.
torch::Tensor unit_length(const torch::Tensor& x);

}  // namespace harrow::worker::anomalyvfm
