#include "worker/methods/moleflow/subnets.hpp"

#include <algorithm>
#include <cmath>

#include "worker/methods/moleflow/depthwise_convolution.hpp"

namespace harrow::worker {

PlainSubnet::PlainSubnet(std::int64_t in,
                         std::int64_t out,
                         const LoraOptions& lora,
                         Initialiser& init)
    : layer1_(in, 2 * in, lora, init), layer2_(2 * in, out, lora, init) {}

void PlainSubnet::add_expert(Initialiser& init) {
    layer1_.add_expert(init);
    layer2_.add_expert(init);
}

std::pair<torch::Tensor, torch::Tensor> PlainSubnet::forward(const torch::Tensor& rows,
                                                             const PatchGrid& /*grid*/,
                                                             int expert) const {
    const torch::Tensor both = relu_network(rows, {layer1_.merged(expert), layer2_.merged(expert)});
    const std::vector<torch::Tensor> halves = both.split(both.size(1) / 2, 1);
    return {halves[0], halves[1]};
}

void PlainSubnet::collect(const std::string& prefix, NamedTensors& tensors) const {
    layer1_.collect(prefix + "layer1.", tensors);
    layer2_.collect(prefix + "layer2.", tensors);
}

ContextSubnet::ContextSubnet(std::int64_t in,
                             std::int64_t out,
                             const LoraOptions& lora,
                             const sweeps::ModelConfig& config,
                             Initialiser& init)
    : max_alpha_(config.scale_context_max_alpha),
      s_layer1_(2 * in, 2 * in, lora, init),
      s_layer2_(2 * in, out / 2, lora, init),
      t_layer1_(in, 2 * in, lora, init),
      t_layer2_(2 * in, out / 2, lora, init) {
    const std::int64_t kernel = config.scale_context_kernel;
    const double strength =
        std::clamp(config.scale_context_init_scale / config.scale_context_max_alpha, 0.01, 0.99);
    context_weight_ = init.constant({in, 1, kernel, kernel}, 0);
    context_bias_ = init.constant({in}, 0);
    context_scale_ = init.constant({1}, std::log(strength / (1 - strength)));
}

void ContextSubnet::add_expert(Initialiser& init) {
    s_layer1_.add_expert(init);
    s_layer2_.add_expert(init);
    t_layer1_.add_expert(init);
    t_layer2_.add_expert(init);
}

std::pair<torch::Tensor, torch::Tensor> ContextSubnet::forward(const torch::Tensor& rows,
                                                               const PatchGrid& grid,
                                                               int expert) const {
    const std::int64_t channels = rows.size(1);
    const torch::Tensor maps = rows.view({grid.images, grid.height, grid.width, channels});
    // The strength scales the small kernel instead of the large map: the same product.
    const torch::Tensor alpha = max_alpha_ * context_scale_.sigmoid();
    const torch::Tensor context =
        depthwise_convolution(maps, context_weight_ * alpha, context_bias_ * alpha);
    const torch::Tensor with_context = torch::cat({rows, context.reshape({-1, channels})}, 1);
    const torch::Tensor scale =
        relu_network(with_context, {s_layer1_.merged(expert), s_layer2_.merged(expert)});
    const torch::Tensor shift =
        relu_network(rows, {t_layer1_.merged(expert), t_layer2_.merged(expert)});
    return {scale, shift};
}

void ContextSubnet::collect(const std::string& prefix, NamedTensors& tensors) const {
    tensors.push_back({prefix + "context_conv.weight", context_weight_, TensorRole::Context});
    tensors.push_back({prefix + "context_conv.bias", context_bias_, TensorRole::Context});
    tensors.push_back({prefix + "context_scale_param", context_scale_, TensorRole::Context});
    s_layer1_.collect(prefix + "s_layer1.", tensors);
    s_layer2_.collect(prefix + "s_layer2.", tensors);
    t_layer1_.collect(prefix + "t_layer1.", tensors);
    t_layer2_.collect(prefix + "t_layer2.", tensors);
}

std::unique_ptr<Subnet> make_subnet(std::int64_t in,
                                    std::int64_t out,
                                    const LoraOptions& lora,
                                    const sweeps::ModelConfig& config,
                                    Initialiser& init) {
    if (config.use_scale_context) {
        return std::make_unique<ContextSubnet>(in, out, lora, config, init);
    }
    return std::make_unique<PlainSubnet>(in, out, lora, init);
}

}  // namespace harrow::worker
