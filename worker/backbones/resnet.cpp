#include "worker/backbones/resnet.hpp"

#include <algorithm>

#include "worker/backbones/aggregation.hpp"
#include "worker/backbones/weights_loader.hpp"

namespace harrow::worker {

namespace {

constexpr int kStages = 4;
constexpr std::int64_t kStemChannels = 64;
constexpr double kNormEpsilon = 1e-5;

int last_stage(const std::vector<std::string>& layers) {
    int last = 0;
    for (const std::string& layer : layers) {
        last = std::max(last, sweeps::stage_of_layer(layer));
    }
    return last;
}

}  // namespace

ResNet::ResNet(const sweeps::BackboneArchitecture& architecture,
               const sweeps::BackboneConfig& config,
               torch::Device device)
    : LoadedBackbone(architecture, config, device) {
    const c10::InferenceMode guard;
    WeightsLoader file(config.weights);
    stem_ = folded(file, "conv1", "bn1", {kStemChannels, 3, 7, 7}, 2, true);
    for (int stage = 1; stage <= kStages; ++stage) {
        const bool wanted = stage <= last_stage(config.layers);
        std::vector<Block> blocks = load_stage(file, stage, wanted);
        if (wanted) {
            stages_.push_back(std::move(blocks));
        }
    }
    file.check(architecture.name);
    skipped_ = file.skipped();
}

ResNet::Convolution ResNet::folded(WeightsLoader& file,
                                   const std::string& convolution,
                                   const std::string& normalisation,
                                   const std::vector<std::int64_t>& shape,
                                   std::int64_t stride,
                                   bool wanted) const {
    const std::vector<std::int64_t> channels = {shape[0]};
    const torch::Tensor weight = file.take(convolution + ".weight", shape, wanted);
    const torch::Tensor gamma = file.take(normalisation + ".weight", channels, wanted);
    const torch::Tensor beta = file.take(normalisation + ".bias", channels, wanted);
    const torch::Tensor mean = file.take(normalisation + ".running_mean", channels, wanted);
    const torch::Tensor variance = file.take(normalisation + ".running_var", channels, wanted);
    Convolution layer;
    layer.stride = stride;
    layer.padding = shape[2] / 2;
    if (wanted) {
        const torch::Tensor scale =
            gamma.to(torch::kFloat64) / (variance.to(torch::kFloat64) + kNormEpsilon).sqrt();
        layer.weight = (weight.to(torch::kFloat64) * scale.view({-1, 1, 1, 1}))
                           .to(dtype())
                           .to(device())
                           .contiguous(at::MemoryFormat::ChannelsLast);
        layer.bias =
            (beta.to(torch::kFloat64) - mean.to(torch::kFloat64) * scale).to(dtype()).to(device());
    }
    return layer;
}

std::vector<ResNet::Block> ResNet::load_stage(WeightsLoader& file, int stage, bool wanted) const {
    const std::int64_t outputs = sweeps::stage_channels(architecture(), stage);
    std::int64_t inputs =
        stage == 1 ? kStemChannels : sweeps::stage_channels(architecture(), stage - 1);
    std::vector<Block> blocks;
    for (int i = 0; i < architecture().stage_blocks[static_cast<std::size_t>(stage - 1)]; ++i) {
        const std::string prefix = "layer" + std::to_string(stage) + "." + std::to_string(i) + ".";
        const std::int64_t stride = i == 0 && stage > 1 ? 2 : 1;
        blocks.push_back(load_block(file, prefix, stage, inputs, stride, wanted));
        inputs = outputs;
    }
    return blocks;
}

ResNet::Block ResNet::load_block(WeightsLoader& file,
                                 const std::string& prefix,
                                 int stage,
                                 std::int64_t inputs,
                                 std::int64_t stride,
                                 bool wanted) const {
    const std::int64_t inner = std::int64_t{architecture().base_width} << (stage - 1);
    const std::int64_t outputs = sweeps::stage_channels(architecture(), stage);
    const auto convolution = [&](const std::string& number,
                                 std::int64_t out,
                                 std::int64_t in,
                                 std::int64_t side,
                                 std::int64_t step) {
        return folded(file,
                      prefix + "conv" + number,
                      prefix + "bn" + number,
                      {out, in, side, side},
                      step,
                      wanted);
    };
    Block block;
    if (architecture().bottleneck) {
        block.body.push_back(convolution("1", inner, inputs, 1, 1));
        block.body.push_back(convolution("2", inner, inner, 3, stride));
        block.body.push_back(convolution("3", outputs, inner, 1, 1));
    } else {
        block.body.push_back(convolution("1", outputs, inputs, 3, stride));
        block.body.push_back(convolution("2", outputs, outputs, 3, 1));
    }
    if (stride != 1 || inputs != outputs) {
        block.shortcut = folded(file,
                                prefix + "downsample.0",
                                prefix + "downsample.1",
                                {outputs, inputs, 1, 1},
                                stride,
                                wanted);
    }
    return block;
}

torch::Tensor ResNet::apply(const Convolution& layer, const torch::Tensor& map) {
    const std::vector<std::int64_t> stride = {layer.stride, layer.stride};
    const std::vector<std::int64_t> padding = {layer.padding, layer.padding};
    return at::conv2d(map, layer.weight, layer.bias, stride, padding);
}

torch::Tensor ResNet::apply(const Block& block, const torch::Tensor& map) {
    torch::Tensor value = map;
    for (std::size_t i = 0; i + 1 < block.body.size(); ++i) {
        value = apply(block.body[i], value).relu_();
    }
    value = apply(block.body.back(), value);
    return value.add_(block.shortcut ? apply(*block.shortcut, map) : map).relu_();
}

std::vector<torch::Tensor> ResNet::activations(const torch::Tensor& images) const {
    const c10::InferenceMode guard;
    torch::Tensor map = accepted(images).to(dtype()).contiguous(at::MemoryFormat::ChannelsLast);
    map = apply(stem_, map).relu_();
    map = at::max_pool2d(map, {3, 3}, {2, 2}, {1, 1});
    std::vector<torch::Tensor> outputs(config().layers.size());
    for (std::size_t stage = 0; stage < stages_.size(); ++stage) {
        for (const Block& block : stages_[stage]) {
            map = apply(block, map);
        }
        for (std::size_t i = 0; i < outputs.size(); ++i) {
            if (sweeps::stage_of_layer(config().layers[i]) == static_cast<int>(stage) + 1) {
                outputs[i] = map;
            }
        }
    }
    return outputs;
}

torch::Tensor ResNet::extract(const torch::Tensor& images) {
    const c10::InferenceMode guard;
    return aggregate_maps(activations(images), channels());
}

}  // namespace harrow::worker
