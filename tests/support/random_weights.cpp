#include "tests/support/random_weights.hpp"

#include <cmath>
#include <fstream>
#include <functional>
#include <numeric>
#include <stdexcept>

#include "sweeps/random.hpp"

namespace harrow::tests {
namespace {

using Plan = std::vector<TensorPlan>;
using Shape = std::vector<std::int64_t>;
using sweeps::BackboneArchitecture;
using sweeps::BackboneFamily;

std::int64_t count_of(const Shape& shape) {
    return std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>());
}

/// Half the width of a uniform distribution of that variance.
float spread_of(double variance) {
    return static_cast<float>(std::sqrt(3.0 * variance));
}

void add_convolution(Plan& plan, const std::string& name, const Shape& shape) {
    const auto inputs = static_cast<double>(count_of(shape) / shape[0]);
    plan.push_back({name + ".weight", shape, 0, spread_of(2.0 / inputs)});  // as He et al. 2015
}

void add_batch_norm(Plan& plan, const std::string& name, std::int64_t channels, float gain) {
    plan.push_back({name + ".weight", {channels}, gain, 0.2F * gain});
    plan.push_back({name + ".bias", {channels}, 0, 0.1F});
    plan.push_back({name + ".running_mean", {channels}, 0, 0.1F});
    plan.push_back({name + ".running_var", {channels}, 1, 0.3F});
}

void add_linear(
    Plan& plan, const std::string& name, std::int64_t outputs, std::int64_t inputs, double gain) {
    const double variance = gain * gain / static_cast<double>(inputs);
    plan.push_back({name + ".weight", {outputs, inputs}, 0, spread_of(variance)});
    plan.push_back({name + ".bias", {outputs}, 0, 0.1F});
}

void add_layer_norm(Plan& plan, const std::string& name, std::int64_t width) {
    plan.push_back({name + ".weight", {width}, 1, 0.2F});
    plan.push_back({name + ".bias", {width}, 0, 0.1F});
}

void add_residual_block(Plan& plan,
                        const BackboneArchitecture& net,
                        const std::string& prefix,
                        int stage,
                        std::int64_t inputs,
                        bool has_shortcut) {
    constexpr float kResidualGain = 0.25F;  // or the sum grows from block to block
    const std::int64_t inner = std::int64_t{net.base_width} << (stage - 1);
    const std::int64_t outputs = sweeps::stage_channels(net, stage);
    std::vector<Shape> body = {{outputs, inputs, 3, 3}, {outputs, outputs, 3, 3}};
    if (net.bottleneck) {
        body = {{inner, inputs, 1, 1}, {inner, inner, 3, 3}, {outputs, inner, 1, 1}};
    }
    for (std::size_t i = 0; i < body.size(); ++i) {
        const std::string number = std::to_string(i + 1);
        add_convolution(plan, prefix + "conv" + number, body[i]);
        add_batch_norm(
            plan, prefix + "bn" + number, body[i][0], i + 1 == body.size() ? kResidualGain : 1.0F);
    }
    if (has_shortcut) {
        add_convolution(plan, prefix + "downsample.0", {outputs, inputs, 1, 1});
        add_batch_norm(plan, prefix + "downsample.1", outputs, 1.0F);
    }
}

Plan plan_resnet(const BackboneArchitecture& net) {
    Plan plan;
    add_convolution(plan, "conv1", {64, 3, 7, 7});
    add_batch_norm(plan, "bn1", 64, 1.0F);
    std::int64_t inputs = 64;
    for (int stage = 1; stage <= 4; ++stage) {
        const std::int64_t outputs = sweeps::stage_channels(net, stage);
        for (int i = 0; i < net.stage_blocks[static_cast<std::size_t>(stage - 1)]; ++i) {
            const bool has_shortcut = i == 0 && (stage > 1 || inputs != outputs);
            add_residual_block(plan,
                               net,
                               "layer" + std::to_string(stage) + "." + std::to_string(i) + ".",
                               stage,
                               inputs,
                               has_shortcut);
            inputs = outputs;
        }
    }
    add_linear(plan, "fc", 1000, inputs, 1.0);
    return plan;
}

constexpr double kResidualGain = 0.4;

void add_timm_block(Plan& plan, const BackboneArchitecture& net, int index) {
    const std::string prefix = "blocks." + std::to_string(index) + ".";
    add_layer_norm(plan, prefix + "norm1", net.width);
    add_linear(plan, prefix + "attn.qkv", 3 * net.width, net.width, 1.0);
    add_linear(plan, prefix + "attn.proj", net.width, net.width, kResidualGain);
    add_layer_norm(plan, prefix + "norm2", net.width);
    add_linear(plan, prefix + "mlp.fc1", 4 * net.width, net.width, 1.0);
    add_linear(plan, prefix + "mlp.fc2", net.width, 4 * net.width, kResidualGain);
    if (net.family == BackboneFamily::DinoV2) {
        plan.push_back({prefix + "ls1.gamma", {net.width}, 0.8F, 0.4F});
        plan.push_back({prefix + "ls2.gamma", {net.width}, 0.8F, 0.4F});
    }
}

void add_hugging_face_block(Plan& plan, const BackboneArchitecture& net, int index) {
    const std::string prefix = "encoder.layer." + std::to_string(index) + ".";
    add_layer_norm(plan, prefix + "norm1", net.width);
    for (const char* part : {"query", "key", "value"}) {
        add_linear(plan, prefix + "attention.attention." + part, net.width, net.width, 1.0);
    }
    add_linear(plan, prefix + "attention.output.dense", net.width, net.width, kResidualGain);
    plan.push_back({prefix + "layer_scale1.lambda1", {net.width}, 0.8F, 0.4F});
    add_layer_norm(plan, prefix + "norm2", net.width);
    add_linear(plan, prefix + "mlp.fc1", 4 * net.width, net.width, 1.0);
    add_linear(plan, prefix + "mlp.fc2", net.width, 4 * net.width, kResidualGain);
    plan.push_back({prefix + "layer_scale2.lambda1", {net.width}, 0.8F, 0.4F});
}

Plan plan_transformer(const BackboneArchitecture& net, Naming naming) {
    const bool is_timm = naming == Naming::Timm;
    const std::string place = is_timm ? "" : "embeddings.";
    const std::string patches =
        is_timm ? "patch_embed.proj" : "embeddings.patch_embeddings.projection";
    const std::int64_t side = net.native_image_size / net.patch;
    const std::int64_t with_class = is_timm && net.registers > 0 ? 0 : 1;
    Plan plan;
    plan.push_back({place + "cls_token", {1, 1, net.width}, 0, 0.5F});
    plan.push_back({is_timm ? "pos_embed" : place + "position_embeddings",
                    {1, side * side + with_class, net.width},
                    0,
                    0.5F});
    if (net.registers > 0) {
        plan.push_back({is_timm ? "reg_token" : place + "register_tokens",
                        {1, net.registers, net.width},
                        0,
                        0.5F});
    }
    const auto inputs = static_cast<double>(3 * net.patch * net.patch);
    plan.push_back(
        {patches + ".weight", {net.width, 3, net.patch, net.patch}, 0, spread_of(1.0 / inputs)});
    plan.push_back({patches + ".bias", {net.width}, 0, 0.1F});
    for (int i = 0; i < net.depth; ++i) {
        is_timm ? add_timm_block(plan, net, i) : add_hugging_face_block(plan, net, i);
    }
    add_layer_norm(plan, is_timm ? "norm" : "layernorm", net.width);
    if (net.family == BackboneFamily::VisionTransformer) {
        add_linear(plan, "head", 1000, net.width, 1.0);
    } else if (!is_timm) {
        plan.push_back({"embeddings.mask_token", {1, net.width}, 0, 0});
    }
    return plan;
}

}  // namespace

Plan plan_weights(const BackboneArchitecture& architecture, Naming naming) {
    if (architecture.family == BackboneFamily::ResNet) {
        return plan_resnet(architecture);
    }
    if (!sweeps::is_transformer(architecture)) {
        throw std::invalid_argument("no weights are known for " + architecture.name);
    }
    return plan_transformer(architecture, naming);
}

std::vector<storage::FloatTensor> draw_weights(const Plan& plan, std::uint64_t seed) {
    std::vector<storage::FloatTensor> tensors;
    for (const TensorPlan& planned : plan) {
        sweeps::RandomStream random(seed, planned.name);
        storage::FloatTensor tensor{planned.name, planned.shape, {}};
        tensor.values.reserve(static_cast<std::size_t>(count_of(planned.shape)));
        for (std::int64_t i = 0; i < count_of(planned.shape); ++i) {
            tensor.values.push_back(planned.mean +
                                    planned.spread * static_cast<float>(random.uniform(-1, 1)));
        }
        tensors.push_back(std::move(tensor));
    }
    return tensors;
}

void write_random_weights(const std::filesystem::path& path,
                          const BackboneArchitecture& architecture,
                          std::uint64_t seed,
                          Naming naming) {
    storage::write_safetensors(path, draw_weights(plan_weights(architecture, naming), seed));
}

void write_blank_weights(const std::filesystem::path& path,
                         const BackboneArchitecture& architecture) {
    std::string header = "{";
    std::int64_t end = 0;
    for (const TensorPlan& planned : plan_weights(architecture)) {
        header +=
            (header.size() > 1 ? ",\"" : "\"") + planned.name + R"(":{"dtype":"F32","shape":[)";
        for (std::size_t i = 0; i < planned.shape.size(); ++i) {
            header += (i > 0 ? "," : "") + std::to_string(planned.shape[i]);
        }
        const std::int64_t begin = end;
        end += count_of(planned.shape) * std::int64_t{sizeof(float)};
        header += "],\"data_offsets\":[" + std::to_string(begin) + "," + std::to_string(end) + "]}";
    }
    header += "}";
    header.append((8 - header.size() % 8) % 8, ' ');
    const std::uint64_t length = header.size();
    std::ofstream file(path, std::ios::binary);
    file.write(reinterpret_cast<const char*>(&length), sizeof length);
    file << header;
    file.close();
    std::filesystem::resize_file(path, sizeof length + header.size() + std::uint64_t(end));
}

}  // namespace harrow::tests
