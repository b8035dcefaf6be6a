#include "worker/methods/anomalyvfm/layers.hpp"

#include <cmath>

namespace harrow::worker::anomalyvfm {
namespace {

constexpr double kNormEpsilon = 1e-5;
constexpr double kShortest = 1e-12;  // of a vector that is made one long

std::string numbered(const std::string& prefix, std::size_t index) {
    return prefix + std::to_string(index) + ".";
}

}  // namespace

torch::Tensor Dropout::operator()(const torch::Tensor& x, double rate) {
    if (!random_ || rate == 0) {
        return x;
    }
    torch::Tensor mask = torch::empty(x.sizes(), torch::kFloat32);
    const auto kept = static_cast<float>(1 / (1 - rate));
    float* const values = mask.data_ptr<float>();
    for (std::int64_t i = 0; i < mask.numel(); ++i) {
        values[i] = random_->uniform() < rate ? 0.0F : kept;
    }
    return x * mask.to(x.device());
}

Linear::Linear(std::int64_t in, std::int64_t out, Initialiser& init) {
    const double bound = 1 / std::sqrt(static_cast<double>(in));
    weight = init.uniform({out, in}, bound);
    bias = init.uniform({out}, bound);
}

void Linear::collect(const std::string& prefix, NamedTensors& tensors) const {
    tensors.push_back({prefix + "weight", weight, TensorRole::Expert});
    tensors.push_back({prefix + "bias", bias, TensorRole::Expert});
}

LayerNorm::LayerNorm(std::int64_t channels, Initialiser& init)
    : weight(init.constant({channels}, 1)), bias(init.constant({channels}, 0)) {}

torch::Tensor LayerNorm::operator()(const torch::Tensor& x) const {
    return torch::layer_norm(x, {weight.size(0)}, weight, bias, kNormEpsilon);
}

void LayerNorm::collect(const std::string& prefix, NamedTensors& tensors) const {
    tensors.push_back({prefix + "weight", weight, TensorRole::Expert});
    tensors.push_back({prefix + "bias", bias, TensorRole::Expert});
}

AdaptedLayer::AdaptedLayer(const LayerOptions& options, Initialiser& init)
    : options_(options),
      lora_a_(init.normal({options.channels, options.rank}, options.init_std)),
      lora_b_(init.constant({options.rank, options.channels}, 0)) {
    if (options.kind == LayerKind::Plain) {
        return;
    }
    norm_.emplace(options.channels, init);
    const std::int64_t hidden = options.guide_hidden;
    guide_.emplace_back(options.channels, hidden, init);
    if (options.kind == LayerKind::ScaleAttention) {
        guide_.emplace_back(hidden, 1, init);
        return;
    }
    const std::int64_t second = std::max<std::int64_t>(1, hidden / 2);
    guide_.emplace_back(hidden, second, init);
    guide_.emplace_back(second, 1, init);
    importance_.emplace_back(options.channels, options.importance_hidden, init);
    importance_.emplace_back(options.importance_hidden, options.channels, init);
}

torch::Tensor AdaptedLayer::attention(const torch::Tensor& normed) const {
    torch::Tensor hidden = guide_.front()(normed);
    for (std::size_t i = 1; i < guide_.size(); ++i) {
        hidden = guide_[i](torch::relu(hidden));
    }
    return torch::sigmoid(hidden).squeeze(-1);
}

torch::Tensor AdaptedLayer::importance(const torch::Tensor& normed, Dropout& dropout) const {
    const torch::Tensor hidden =
        dropout(torch::relu(importance_.front()(normed)), options_.importance_dropout);
    return torch::sigmoid(importance_.back()(hidden));
}

LayerOutput AdaptedLayer::operator()(const torch::Tensor& x,
                                     bool mix_batch,
                                     Dropout& dropout) const {
    const torch::Tensor normed = norm_ ? (*norm_)(x) : x;
    const torch::Tensor low_rank = torch::matmul(torch::matmul(normed, lora_a_), lora_b_);
    torch::Tensor delta = dropout(low_rank, options_.dropout) * options_.scale;
    if (options_.kind == LayerKind::Plain) {
        return {x + delta, {}};
    }
    const torch::Tensor attention = this->attention(normed);
    torch::Tensor factor = attention.unsqueeze(-1);
    if (mix_batch && x.dim() == 2) {
        factor = factor.unsqueeze(-1);
    }
    if (options_.kind == LayerKind::AttentionGuide) {
        delta = importance(normed, dropout) * delta;
    }
    return {x + factor * delta, attention};
}

void AdaptedLayer::collect(const std::string& prefix, NamedTensors& tensors) const {
    tensors.push_back({prefix + "lora_A", lora_a_, TensorRole::Expert});
    tensors.push_back({prefix + "lora_B", lora_b_, TensorRole::Expert});
    if (norm_) {
        norm_->collect(prefix + "layer_norm.", tensors);
    }
    const std::string guide =
        options_.kind == LayerKind::ScaleAttention ? "scale_attention." : "attention_guide.";
    for (std::size_t i = 0; i < guide_.size(); ++i) {
        guide_[i].collect(numbered(prefix + guide, 2 * i), tensors);
    }
    for (std::size_t i = 0; i < importance_.size(); ++i) {
        importance_[i].collect(numbered(prefix + "importance_analyzer.", 3 * i), tensors);
    }
}

Cascade::Cascade(const LayerOptions& options, int layers, Initialiser& init) {
    for (int i = 0; i < layers; ++i) {
        layers_.emplace_back(options, init);
    }
}

Cascade::Output Cascade::operator()(const torch::Tensor& x,
                                    bool mix_batch,
                                    Dropout& dropout) const {
    Output output;
    torch::Tensor y = x;
    for (const AdaptedLayer& layer : layers_) {
        const LayerOutput step = layer(y, mix_batch, dropout);
        y = step.y;
        output.layers.push_back(y);
        if (step.attention.defined()) {
            output.attention.push_back(step.attention.dim() == 1 ? step.attention
                                                                 : step.attention.mean(1));
        }
    }
    return output;
}

void Cascade::collect(const std::string& prefix, NamedTensors& tensors) const {
    for (std::size_t i = 0; i < layers_.size(); ++i) {
        layers_[i].collect(numbered(prefix, i), tensors);
    }
}

Head::Head(std::int64_t channels,
           const std::vector<std::int64_t>& hidden,
           double dropout,
           Initialiser& init)
    : dropout_(dropout) {
    std::int64_t width = channels;
    for (const std::int64_t next : hidden) {
        layers_.emplace_back(width, next, init);
        width = next;
    }
    layers_.emplace_back(width, 1, init);
}

torch::Tensor Head::operator()(const torch::Tensor& x, Dropout& dropout) const {
    torch::Tensor hidden = x;
    for (std::size_t i = 0; i + 1 < layers_.size(); ++i) {
        hidden = dropout(torch::relu(layers_[i](hidden)), dropout_);
    }
    return layers_.back()(hidden).squeeze(-1);
}

void Head::collect(const std::string& prefix, NamedTensors& tensors) const {
    for (std::size_t i = 0; i < layers_.size(); ++i) {
        layers_[i].collect(numbered(prefix, 3 * i), tensors);
    }
}

torch::Tensor unit_length(const torch::Tensor& x) {
    return x / x.norm(2, -1, /*keepdim=*/true).clamp_min(kShortest);
}

}  // namespace harrow::worker::anomalyvfm
