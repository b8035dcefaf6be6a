#include "sweeps/backbones.hpp"

#include <algorithm>
#include <charconv>

namespace harrow::sweeps {
namespace {

using Architecture = BackboneArchitecture;

Architecture filterbank() {
    Architecture bank;
    bank.name = "filterbank";
    bank.channels = 64;
    return bank;
}

Architecture resnet(const char* name,
                    std::array<int, 4> stage_blocks,
                    bool bottleneck,
                    int base_width,
                    int channels) {
    Architecture net;
    net.name = name;
    net.family = BackboneFamily::ResNet;
    net.channels = channels;
    net.stage_blocks = stage_blocks;
    net.bottleneck = bottleneck;
    net.base_width = base_width;
    return net;
}

struct TransformerSize {
    const char* name;
    int width, depth, heads;
};
constexpr TransformerSize kTransformerSizes[] = {
    {"small", 384, 12, 6}, {"base", 768, 12, 12}, {"large", 1024, 24, 16}};

Architecture transformer(const TransformerSize& size) {
    Architecture net;
    net.family = BackboneFamily::VisionTransformer;
    net.channels = size.width;
    net.width = size.width;
    net.depth = size.depth;
    net.heads = size.heads;
    return net;
}

void add_vision_transformers(std::vector<Architecture>& table) {
    for (const TransformerSize& size : kTransformerSizes) {
        for (const int native : {224, 384}) {
            Architecture net = transformer(size);
            net.name = "vit_" + std::string(size.name) + "_patch16_" + std::to_string(native);
            net.recipe = PixelRecipe::PlusMinusOne;
            net.patch = 16;
            net.native_image_size = native;
            table.push_back(net);
        }
    }
}

void add_dinov2(std::vector<Architecture>& table) {
    constexpr int kRegisters = 4;
    for (const TransformerSize& size : kTransformerSizes) {
        Architecture net = transformer(size);
        net.family = BackboneFamily::DinoV2;
        net.name = std::string("dinov2_vit") + size.name[0] + "14";
        net.patch = 14;
        net.native_image_size = 518;
        table.push_back(net);
        net.name += "_reg";
        net.registers = kRegisters;
        table.push_back(net);
    }
}

std::vector<Architecture> make_table() {
    std::vector<Architecture> table = {
        filterbank(),
        resnet("resnet18", {2, 2, 2, 2}, false, 64, 768),
        resnet("resnet34", {3, 4, 6, 3}, false, 64, 768),
        resnet("resnet50", {3, 4, 6, 3}, true, 64, 768),
        resnet("resnet101", {3, 4, 23, 3}, true, 64, 768),
        resnet("wide_resnet50_2", {3, 4, 6, 3}, true, 128, 768),
        resnet("wide_resnet101_2", {3, 4, 23, 3}, true, 128, 1024),
    };
    add_vision_transformers(table);
    add_dinov2(table);
    Architecture script;
    script.name = "torchscript";
    script.family = BackboneFamily::TorchScript;
    script.channels = 768;
    table.push_back(script);
    return table;
}

}  // namespace

const std::vector<BackboneArchitecture>& backbone_architectures() {
    static const std::vector<Architecture> table = make_table();
    return table;
}

const BackboneArchitecture* find_backbone(std::string_view name) {
    const auto& table = backbone_architectures();
    const auto found = std::find_if(table.begin(), table.end(), [name](const Architecture& known) {
        return known.name == name;
    });
    return found == table.end() ? nullptr : &*found;
}

std::vector<std::string> backbone_names() {
    std::vector<std::string> names;
    for (const Architecture& known : backbone_architectures()) {
        names.push_back(known.name);
    }
    return names;
}

bool is_transformer(const BackboneArchitecture& architecture) {
    return architecture.family == BackboneFamily::VisionTransformer ||
           architecture.family == BackboneFamily::DinoV2;
}

bool needs_weights(const BackboneConfig& config) {
    const Architecture* known = find_backbone(config.name);
    return known != nullptr && known->family != BackboneFamily::Filterbank;
}

int stage_channels(const BackboneArchitecture& architecture, int stage) {
    constexpr int kBottleneckExpansion = 4;
    const int narrow = 64 << (stage - 1);
    return architecture.bottleneck ? narrow * kBottleneckExpansion : narrow;
}

int stage_of_layer(std::string_view layer) {
    const bool is_layer = layer.size() == 6 && layer.substr(0, 5) == "layer" &&
                          layer.back() >= '1' && layer.back() <= '4';
    return is_layer ? layer.back() - '0' : 0;
}

int block_of_text(std::string_view text) {
    int block = -1;
    const char* const end = text.data() + text.size();
    const auto result = std::from_chars(text.data(), end, block);
    const bool is_number = result.ec == std::errc{} && result.ptr == end && block >= 0;
    return is_number && std::to_string(block) == text ? block : -1;
}

bool gives_patches(const BackboneConfig& config) {
    return averages_blocks(config) || config.feature == kNormedPatches;
}

bool averages_blocks(const BackboneConfig& config) {
    return config.feature == "patches";
}

bool gives_image_vectors(const Architecture& architecture, const BackboneConfig& config) {
    return is_transformer(architecture) && !gives_patches(config);
}

bool uses_projection(const BackboneArchitecture& architecture, const BackboneConfig& config) {
    return is_transformer(architecture) && averages_blocks(config) &&
           config.projection == "random_compat" && config.embed_dim != 0 &&
           config.embed_dim != architecture.width;
}

}  // namespace harrow::sweeps
