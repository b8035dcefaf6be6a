#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sweeps/trial_config.hpp"

namespace harrow::sweeps {

enum class BackboneFamily {
    Filterbank,         ///< fixed filters, no weights
    ResNet,             ///< He et al. 2016; wide: Zagoruyko and Komodakis 2016
    VisionTransformer,  ///< Dosovitskiy et al. 2021
    DinoV2,             ///< Oquab et al. 2023: layer scale; registers: Darcet et al. 2024
    TorchScript         ///< whatever a file computes
};

/// What a backbone's training subtracted from pixels in [0,1] and divided them by, per channel.
enum class PixelRecipe {
    ImageNet,     ///< ImageNet's mean and standard deviation
    PlusMinusOne  ///< 0.5 and 0.5
};

/// One frozen feature extractor as data; fields of other families are 0.
struct BackboneArchitecture {
    std::string name;
    BackboneFamily family = BackboneFamily::Filterbank;
    int channels = 0;  ///< per patch, where backbone.embed_dim is 0 (MoLE-Flow A2)
    PixelRecipe recipe = PixelRecipe::ImageNet;
    int native_image_size = 224;  ///< of the training, pixels

    std::array<int, 4> stage_blocks = {};  ///< ResNet: residual blocks of layer1 … layer4
    bool bottleneck = false;               ///< ResNet: blocks of three convolutions, not two
    int base_width = 0;                    ///< ResNet: inner channels of a block of layer1

    int width = 0;      ///< transformer: channels of a token
    int depth = 0;      ///< transformer: blocks
    int heads = 0;      ///< transformer: attention heads per block
    int patch = 0;      ///< transformer: side of a patch, pixels
    int registers = 0;  ///< transformer: tokens beside the class token that are no patches
};

/// Every backbone there is; the first is the default.
const std::vector<BackboneArchitecture>& backbone_architectures();
/// Null for an unknown name.
const BackboneArchitecture* find_backbone(std::string_view name);
std::vector<std::string> backbone_names();

/// True for tokens from attention blocks.
bool is_transformer(const BackboneArchitecture& architecture);
/// `backbone.weights` must name a file. False for an unknown name.
bool needs_weights(const BackboneConfig& config);
/// Output channels of a ResNet's stage 1 … 4.
int stage_channels(const BackboneArchitecture& architecture, int stage);
/// 1 … 4 for layer1 … layer4, else 0.
int stage_of_layer(std::string_view layer);
/// -1 unless `text` is a block's number in its only spelling.
int block_of_text(std::string_view text);

/// A value of backbone.feature: patch tokens after the last norm.
inline constexpr const char* kNormedPatches = "normed_patches";

/// `backbone.feature` asks for one vector per patch, not per image.
bool gives_patches(const BackboneConfig& config);
/// For those of backbone.blocks.
bool averages_blocks(const BackboneConfig& config);
/// One vector per image is what this backbone gives.
bool gives_image_vectors(const BackboneArchitecture& architecture, const BackboneConfig& config);
/// Tokens pass a random linear layer: asked for, and the widths differ (MoLE-Flow A2.2).
bool uses_projection(const BackboneArchitecture& architecture, const BackboneConfig& config);

}  // namespace harrow::sweeps
