#include "worker/backbones/vision_transformer.hpp"

#include <algorithm>
#include <cmath>

#include "sweeps/random.hpp"
#include "worker/backbones/aggregation.hpp"
#include "worker/backbones/weights_loader.hpp"

namespace harrow::worker {

namespace {

constexpr double kNormEpsilon = 1e-6;
constexpr std::int64_t kMlpRatio = 4;
constexpr std::int64_t kAttentionBytes = std::int64_t{256} << 20;  // of one product of q and k

int last_block(const sweeps::BackboneArchitecture& architecture,
               const sweeps::BackboneConfig& config) {
    if (!sweeps::averages_blocks(config)) {
        return architecture.depth - 1;
    }
    int last = 0;
    for (const std::string& block : config.blocks) {
        last = std::max(last, sweeps::block_of_text(block));
    }
    return last;
}

/// As torch initialises a linear layer: uniform within 1/sqrt(inputs), weight row by row, then
/// bias.
torch::Tensor uniform(sweeps::RandomStream& random,
                      const std::vector<std::int64_t>& shape,
                      double bound) {
    torch::Tensor values = torch::empty(shape, torch::kFloat32);
    float* out = values.data_ptr<float>();
    for (std::int64_t i = 0; i < values.numel(); ++i) {
        out[i] = static_cast<float>(random.uniform(-bound, bound));
    }
    return values;
}

}  // namespace

VisionTransformer::VisionTransformer(const sweeps::BackboneArchitecture& architecture,
                                     const sweeps::BackboneConfig& config,
                                     torch::Device device)
    : LoadedBackbone(architecture, config, device) {
    const c10::InferenceMode guard;
    WeightsLoader file(config.weights);
    is_timm_ = !(is_scaled() && file.has("embeddings.cls_token"));
    load_embeddings(file);
    for (int i = 0; i < architecture.depth; ++i) {
        const bool wanted = i <= last_block(architecture, config);
        Block block = load_block(file, i, wanted);
        if (wanted) {
            blocks_.push_back(std::move(block));
        }
    }
    final_norm_ =
        load_norm(file, is_timm_ ? "norm" : "layernorm", !sweeps::averages_blocks(config));
    file.check(architecture.name);
    skipped_ = file.skipped();
    if (sweeps::uses_projection(architecture, config)) {
        draw_projections();
    }
}

VisionTransformer::Linear VisionTransformer::load_linear(WeightsLoader& file,
                                                         const std::string& name,
                                                         std::int64_t outputs,
                                                         std::int64_t inputs,
                                                         bool wanted) const {
    Linear layer{file.take(name + ".weight", {outputs, inputs}, wanted),
                 file.take(name + ".bias", {outputs}, wanted)};
    if (wanted) {
        layer.weight = layer.weight.to(device(), dtype());
        layer.bias = layer.bias.to(device(), dtype());
    }
    return layer;
}

VisionTransformer::Linear VisionTransformer::load_qkv(WeightsLoader& file,
                                                      const std::string& prefix,
                                                      bool wanted) const {
    const std::int64_t width = architecture().width;
    if (is_timm_) {
        return load_linear(file, prefix + "attn.qkv", 3 * width, width, wanted);
    }
    std::vector<torch::Tensor> weights;
    std::vector<torch::Tensor> biases;
    for (const char* part : {"query", "key", "value"}) {
        const Linear layer =
            load_linear(file, prefix + "attention.attention." + part, width, width, wanted);
        weights.push_back(layer.weight);
        biases.push_back(layer.bias);
    }
    return wanted ? Linear{torch::cat(weights), torch::cat(biases)} : Linear{};
}

VisionTransformer::Norm VisionTransformer::load_norm(WeightsLoader& file,
                                                     const std::string& name,
                                                     bool wanted) const {
    const std::vector<std::int64_t> shape = {architecture().width};
    Norm norm{file.take(name + ".weight", shape, wanted), file.take(name + ".bias", shape, wanted)};
    if (wanted) {
        norm.weight = norm.weight.to(device());
        norm.bias = norm.bias.to(device());
    }
    return norm;
}

VisionTransformer::Block VisionTransformer::load_block(WeightsLoader& file,
                                                       int index,
                                                       bool wanted) const {
    const std::int64_t width = architecture().width;
    const std::string prefix =
        (is_timm_ ? "blocks." : "encoder.layer.") + std::to_string(index) + ".";
    const auto scale = [&](const char* timm_name, const char* other_name) {
        const torch::Tensor values =
            file.take(prefix + (is_timm_ ? timm_name : other_name), {width}, wanted);
        return wanted ? values.to(device()) : values;
    };
    Block block;
    block.attention_norm = load_norm(file, prefix + "norm1", wanted);
    block.qkv = load_qkv(file, prefix, wanted);
    block.attention_out = load_linear(
        file, prefix + (is_timm_ ? "attn.proj" : "attention.output.dense"), width, width, wanted);
    block.mlp_norm = load_norm(file, prefix + "norm2", wanted);
    block.mlp_in = load_linear(file, prefix + "mlp.fc1", kMlpRatio * width, width, wanted);
    block.mlp_out = load_linear(file, prefix + "mlp.fc2", width, kMlpRatio * width, wanted);
    if (is_scaled()) {
        block.attention_scale = scale("ls1.gamma", "layer_scale1.lambda1");
        block.mlp_scale = scale("ls2.gamma", "layer_scale2.lambda1");
    }
    return block;
}

void VisionTransformer::load_embeddings(WeightsLoader& file) {
    const std::int64_t width = architecture().width;
    const std::int64_t patch = architecture().patch;
    const std::int64_t registers = architecture().registers;
    const std::string place = is_timm_ ? "" : "embeddings.";
    const std::string projection =
        is_timm_ ? "patch_embed.proj" : "embeddings.patch_embeddings.projection";
    patch_embedding_.weight =
        file.take(projection + ".weight", {width, 3, patch, patch}).to(device(), dtype());
    patch_embedding_.bias = file.take(projection + ".bias", {width}).to(device(), dtype());
    prefix_ = file.take(place + "cls_token", {1, 1, width});
    const bool with_class_token = registers == 0 || !is_timm_;
    load_positions(file, is_timm_ ? "pos_embed" : place + "position_embeddings", with_class_token);
    if (registers > 0) {
        prefix_ = torch::cat(
            {prefix_,
             file.take(is_timm_ ? "reg_token" : place + "register_tokens", {1, registers, width})},
            1);
    }
    prefix_ = prefix_.to(device());
}

/// timm's models with registers have the class token's position added to that token already.
void VisionTransformer::load_positions(WeightsLoader& file,
                                       const std::string& name,
                                       bool with_class_token) {
    const std::vector<std::int64_t> found = file.shape(name);
    const std::int64_t side = architecture().native_image_size / architecture().patch;
    const std::int64_t extra = with_class_token ? 1 : 0;
    std::vector<std::int64_t> expected = {1, side * side + extra, architecture().width};
    if (found.size() == 3 && found[1] > extra && square_side(found[1] - extra) > 0) {
        expected[1] = found[1];  // of a training at another image size
    }
    torch::Tensor positions = file.take(name, expected);
    if (with_class_token) {
        prefix_ = prefix_ + positions.narrow(1, 0, 1);
        positions = positions.slice(1, 1).contiguous();
    }
    positions_ = positions.to(device());
}

void VisionTransformer::draw_projections() {
    const std::int64_t inputs = architecture().width;
    const double bound = 1.0 / std::sqrt(static_cast<double>(inputs));
    for (const std::string& block : config().blocks) {
        sweeps::RandomStream random(static_cast<std::uint64_t>(config().projection_seed),
                                    "backbone/projection/" + block);
        const torch::Tensor weight = uniform(random, {channels(), inputs}, bound);
        const torch::Tensor bias = uniform(random, {channels()}, bound);
        projections_.push_back({weight.to(device(), dtype()), bias.to(device(), dtype())});
    }
}

torch::Tensor VisionTransformer::patches(const torch::Tensor& images) const {
    const std::vector<std::int64_t> stride = {architecture().patch, architecture().patch};
    return at::conv2d(
               accepted(images).to(dtype()), patch_embedding_.weight, patch_embedding_.bias, stride)
        .flatten(2)
        .transpose(1, 2)
        .to(torch::kFloat32);
}

torch::Tensor VisionTransformer::embedded(const torch::Tensor& images) const {
    const std::int64_t side = images.size(2) / architecture().patch;
    const torch::Tensor tokens = patches(images) + resample_positions(positions_, side);
    return torch::cat({prefix_.expand({tokens.size(0), -1, -1}), tokens}, 1);
}

torch::Tensor VisionTransformer::apply(const Linear& layer, const torch::Tensor& values) const {
    return at::linear(values.to(dtype()), layer.weight, layer.bias);
}

torch::Tensor VisionTransformer::apply(const Norm& norm, const torch::Tensor& tokens) const {
    return at::layer_norm(tokens, {architecture().width}, norm.weight, norm.bias, kNormEpsilon);
}

/// [B,T,C] -> [B,T,C]. Some images at a time: a product of q and k is heads x T x T per image.
torch::Tensor VisionTransformer::attention(const Block& block, const torch::Tensor& tokens) const {
    const std::int64_t images = tokens.size(0);
    const std::int64_t count = tokens.size(1);
    const std::int64_t heads = architecture().heads;
    const std::int64_t head_width = architecture().width / heads;
    const double scale = 1.0 / std::sqrt(static_cast<double>(head_width));
    const torch::Tensor qkv = apply(block.qkv, tokens)
                                  .reshape({images, count, 3, heads, head_width})
                                  .permute({2, 0, 3, 1, 4});
    const std::int64_t bytes = heads * count * count * std::int64_t{sizeof(float)};
    const std::int64_t step = std::max<std::int64_t>(1, kAttentionBytes / bytes);
    std::vector<torch::Tensor> mixed;
    for (std::int64_t first = 0; first < images; first += step) {
        const torch::Tensor some = qkv.narrow(1, first, std::min(step, images - first));
        const torch::Tensor products = at::matmul(some[0] * scale, some[1].transpose(-2, -1));
        const torch::Tensor weights =
            at::softmax(products, -1, torch::kFloat32).to(products.scalar_type());
        mixed.push_back(at::matmul(weights, some[2]).transpose(1, 2).flatten(2));
    }
    return apply(block.attention_out, torch::cat(mixed));
}

torch::Tensor VisionTransformer::apply(const Block& block, const torch::Tensor& tokens) const {
    torch::Tensor change = attention(block, apply(block.attention_norm, tokens));
    if (block.attention_scale.defined()) {
        change = change * block.attention_scale;
    }
    const torch::Tensor between = tokens + change;
    const torch::Tensor hidden = at::gelu(apply(block.mlp_in, apply(block.mlp_norm, between)));
    change = apply(block.mlp_out, hidden);
    if (block.mlp_scale.defined()) {
        change = change * block.mlp_scale;
    }
    return between + change;
}

std::vector<torch::Tensor> VisionTransformer::activations(const torch::Tensor& images) const {
    const c10::InferenceMode guard;
    torch::Tensor tokens = embedded(images);
    std::vector<torch::Tensor> outputs(config().blocks.size());
    for (std::size_t block = 0; block < blocks_.size(); ++block) {
        tokens = apply(blocks_[block], tokens);
        for (std::size_t i = 0; i < outputs.size(); ++i) {
            if (config().blocks[i] == std::to_string(block)) {
                outputs[i] = tokens;
            }
        }
    }
    return outputs;
}

torch::Tensor VisionTransformer::normed_tokens(const torch::Tensor& images) const {
    const bool is_compat = config().feature == "token0_nocls_nopos";
    torch::Tensor tokens = is_compat ? patches(images) : embedded(images);
    for (const Block& block : blocks_) {
        tokens = apply(block, tokens);
    }
    return apply(final_norm_, tokens);
}

torch::Tensor VisionTransformer::extract(const torch::Tensor& images) {
    const c10::InferenceMode guard;
    if (sweeps::averages_blocks(config())) {
        std::vector<torch::Tensor> outputs = activations(images);
        for (std::size_t i = 0; i < projections_.size(); ++i) {
            outputs[i] = apply(projections_[i], outputs[i]);
        }
        return average_tokens(outputs, num_prefix_tokens());
    }
    const torch::Tensor tokens = normed_tokens(images);
    const std::int64_t channels = tokens.size(2);
    if (sweeps::gives_patches(config())) {
        const std::int64_t side = images.size(2) / architecture().patch;
        return tokens.slice(1, num_prefix_tokens())
            .reshape({-1, side, side, channels})
            .contiguous();
    }
    const bool is_mean = config().feature == "patch_mean";
    const torch::Tensor feature =
        is_mean ? tokens.slice(1, num_prefix_tokens()).mean(1) : tokens.select(1, 0);
    return feature.reshape({-1, 1, 1, channels}).contiguous();
}

}  // namespace harrow::worker
