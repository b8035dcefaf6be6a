#include "worker/methods/anomalyvfm/attention.hpp"

#include <cmath>

namespace harrow::worker::anomalyvfm {
namespace {

void collect_tensor(const std::string& name, const torch::Tensor& tensor, NamedTensors& tensors) {
    tensors.push_back({name, tensor, TensorRole::Expert});
}

}  // namespace

// Input projection: Xavier uniform, no bias; output projection: as a linear layer, no bias.
SelfAttention::SelfAttention(std::int64_t channels, int heads, Initialiser& init)
    : heads_(heads),
      in_weight_(init.uniform({3 * channels, channels},
                              std::sqrt(6.0 / static_cast<double>(4 * channels)))),
      in_bias_(init.constant({3 * channels}, 0)),
      out_weight_(init.uniform({channels, channels}, 1 / std::sqrt(static_cast<double>(channels)))),
      out_bias_(init.constant({channels}, 0)) {}

torch::Tensor SelfAttention::operator()(const torch::Tensor& x) const {
    const std::int64_t batch = x.size(0), length = x.size(1), channels = x.size(2);
    const std::int64_t width = channels / heads_;
    // [B,L,3,heads,width] -> [3,B,heads,L,width]
    const torch::Tensor parts = torch::linear(x, in_weight_, in_bias_)
                                    .view({batch, length, 3, heads_, width})
                                    .permute({2, 0, 3, 1, 4});
    const torch::Tensor queries = parts[0] / std::sqrt(static_cast<double>(width));
    const torch::Tensor shares =
        torch::softmax(torch::matmul(queries, parts[1].transpose(-2, -1)), -1);
    const torch::Tensor mixed =
        torch::matmul(shares, parts[2]).transpose(1, 2).reshape({batch, length, channels});
    return torch::linear(mixed, out_weight_, out_bias_);
}

void SelfAttention::collect(const std::string& prefix, NamedTensors& tensors) const {
    collect_tensor(prefix + "in_proj_weight", in_weight_, tensors);
    collect_tensor(prefix + "in_proj_bias", in_bias_, tensors);
    collect_tensor(prefix + "out_proj.weight", out_weight_, tensors);
    collect_tensor(prefix + "out_proj.bias", out_bias_, tensors);
}

ScaleFusion::ScaleFusion(
    std::int64_t channels, std::int64_t scales, int heads, double dropout, Initialiser& init)
    : weights_(init.constant({scales}, 1 / static_cast<double>(scales))),
      widen_(scales * channels, 2 * channels, init),
      narrow_(2 * channels, channels, init),
      norm_(channels, init),
      attention_(channels, heads, init),
      dropout_(dropout) {
    for (std::int64_t scale = 0; scale < scales; ++scale) {
        projections_.emplace_back(channels, channels, init);
    }
}

torch::Tensor ScaleFusion::operator()(const std::vector<torch::Tensor>& features,
                                      const std::vector<torch::Tensor>& attention,
                                      Dropout& dropout) const {
    const torch::Tensor shares = torch::softmax(weights_, 0);
    std::vector<torch::Tensor> weighted;
    for (std::size_t scale = 0; scale < projections_.size(); ++scale) {
        weighted.push_back(projections_[scale](features[scale]) *
                           shares[static_cast<std::int64_t>(scale)] *
                           attention[scale].unsqueeze(-1));
    }
    const torch::Tensor widened = dropout(torch::relu(widen_(torch::cat(weighted, -1))), dropout_);
    return norm_(narrow_(widened)) + attention_(torch::stack(weighted, 1)).mean(1);
}

void ScaleFusion::collect(const std::string& prefix, NamedTensors& tensors) const {
    for (std::size_t scale = 0; scale < projections_.size(); ++scale) {
        projections_[scale].collect(prefix + "scale_projections." + std::to_string(scale) + ".",
                                    tensors);
    }
    collect_tensor(prefix + "scale_weights", weights_, tensors);
    widen_.collect(prefix + "fusion_layers.0.", tensors);
    narrow_.collect(prefix + "fusion_layers.3.", tensors);
    norm_.collect(prefix + "fusion_layers.4.", tensors);
    attention_.collect(prefix + "cross_attention.", tensors);
}

LayerAnalyzer::LayerAnalyzer(std::int64_t channels,
                             int heads,
                             std::int64_t hidden,
                             Initialiser& init)
    : attention_(channels, heads, init),
      final_hidden_(channels, hidden, init),
      final_(hidden, 1, init) {}

LayerAnalyzer::Output LayerAnalyzer::operator()(const std::vector<torch::Tensor>& layers,
                                                const std::vector<torch::Tensor>& attention) const {
    const torch::Tensor attended = attention_(torch::stack(layers, 1));
    const torch::Tensor feature = (attended * torch::stack(attention, 1).unsqueeze(-1)).mean(1);
    const torch::Tensor final_attention =
        torch::sigmoid(final_(torch::relu(final_hidden_(feature)))).squeeze(-1);
    return {feature, final_attention};
}

void LayerAnalyzer::collect_trained(const std::string& prefix, NamedTensors& tensors) const {
    attention_.collect(prefix + "layer_attention.", tensors);
}

void LayerAnalyzer::collect(const std::string& prefix, NamedTensors& tensors) const {
    collect_trained(prefix, tensors);
    final_hidden_.collect(prefix + "final_attention.0.", tensors);
    final_.collect(prefix + "final_attention.2.", tensors);
}

}  // namespace harrow::worker::anomalyvfm
