#include "sweeps/backbones.hpp"
#include "sweeps/parameter_row.hpp"

namespace harrow::sweeps {
namespace {

using Table = std::vector<Parameter>;
using Config = TrialConfig;
constexpr auto kBackbone = &Config::backbone;
constexpr Stage kStage = Stage::Features;

bool is_family(const Config& config, BackboneFamily family) {
    const BackboneArchitecture* known = find_backbone(config.backbone.name);
    return known != nullptr && known->family == family;
}

bool has_tokens(const Config& config) {
    const BackboneArchitecture* known = find_backbone(config.backbone.name);
    return known != nullptr && is_transformer(*known);
}

bool is_native(const Config& config) {
    return has_tokens(config) || is_family(config, BackboneFamily::ResNet);
}

bool needs_file(const Config& config) {
    return needs_weights(config.backbone);
}

void add_model_choice_rows(Table& table) {
    table.push_back(row<kBackbone, &BackboneConfig::name>("backbone.name", kStage)
                        .choices(backbone_names())
                        .aliases({"backbone_name"})
                        .help("Frozen feature extractor; filterbank is a fixed bank of oriented "
                              "filters and needs no weights; torchscript is legacy: it runs a file "
                              "whose forward returns maps or tokens, aggregated as a ResNet's")
                        .source("MoLE-Flow A2; filterbank: Harrow"));
    table.push_back(
        row<kBackbone, &BackboneConfig::weights>("backbone.weights", kStage)
            .locator()
            .when(needs_file)
            .help("File of the backbone's weights: safetensors with the tensor names of "
                  "timm or torchvision (DINOv2: also of Hugging Face), or a TorchScript file")
            .source("Harrow"));
    table.push_back(
        row<kBackbone, &BackboneConfig::embed_dim>("backbone.embed_dim", kStage)
            .at_least(0)
            .at_most(9 * 2048)
            .unit("channels")
            .when(needs_file)
            .help("Channels per patch; 0 is the backbone's own number (filterbank: 64; ResNets: "
                  "768, wide_resnet101_2: 1024; transformers: their width)")
            .source("MoLE-Flow A2, A17.1"));
}

void add_layer_rows(Table& table) {
    table.push_back(
        row<kBackbone, &BackboneConfig::layers>("backbone.layers", kStage)
            .choices({"layer1", "layer2", "layer3", "layer4"})
            .when([](const Config& c) { return is_family(c, BackboneFamily::ResNet); })
            .help("Stages of a ResNet whose maps are averaged; the first gives the patch grid")
            .source("MoLE-Flow A2.1"));
    table.push_back(
        row<kBackbone, &BackboneConfig::blocks>("backbone.blocks", kStage)
            .when([](const Config& c) { return has_tokens(c) && averages_blocks(c.backbone); })
            .help("Blocks of a transformer, from 0, whose patch tokens are averaged")
            .source("MoLE-Flow A2.2"));
    table.push_back(
        row<kBackbone, &BackboneConfig::feature>("backbone.feature", kStage)
            .choices({"patches", kNormedPatches, "cls", "patch_mean", "token0_nocls_nopos"})
            .when(has_tokens)
            .help("What a transformer gives: its blocks' patch tokens, those after its last norm "
                  "(normed_patches), or one vector per image after that norm: the class token, the "
                  "mean of the patches, or the first patch of a forward without class token and "
                  "positions, as AnomalyVFM had it")
            .source("MoLE-Flow A2.2, AnomalyVFM B2"));
    table.push_back(
        row<kBackbone, &BackboneConfig::stride>("backbone.stride", kStage)
            .at_least(1)
            .at_most(256)
            .unit("pixels per patch")
            .when([](const Config& c) { return is_family(c, BackboneFamily::TorchScript); })
            .help("Of the first map that a TorchScript file returns")
            .source("Harrow"));
}

void add_numerics_rows(Table& table) {
    table.push_back(
        row<kBackbone, &BackboneConfig::normalization>("backbone.normalization", kStage)
            .choices({"recipe", "imagenet_compat"})
            .when([](const Config& c) {
                const BackboneArchitecture* known = find_backbone(c.backbone.name);
                return known != nullptr && known->recipe != PixelRecipe::ImageNet;
            })
            .help("Pixels as in the backbone's own training, or with ImageNet's mean and "
                  "deviation whatever the backbone, as the reference has it")
            .source("MoLE-Flow A2.2"));
    table.push_back(
        row<kBackbone, &BackboneConfig::projection>("backbone.projection", kStage)
            .choices({"none", "random_compat"})
            .when([](const Config& c) {
                const BackboneArchitecture* known = find_backbone(c.backbone.name);
                return known != nullptr && is_transformer(*known) && averages_blocks(c.backbone) &&
                       c.backbone.embed_dim != 0 && c.backbone.embed_dim != known->width;
            })
            .help("How a transformer's tokens get another width: a random linear layer per "
                  "block that nothing trains, as the reference has it")
            .source("MoLE-Flow A2.2"));
    table.push_back(
        row<kBackbone, &BackboneConfig::projection_seed>("backbone.projection_seed", kStage)
            .at_least(0)
            .when([](const Config& c) {
                const BackboneArchitecture* known = find_backbone(c.backbone.name);
                return known != nullptr && uses_projection(*known, c.backbone);
            })
            .help("Seed of that layer, whatever the trial's seed")
            .source("Harrow"));
    table.push_back(row<kBackbone, &BackboneConfig::precision>("backbone.precision", kStage)
                        .choices({"float32", "bfloat16"})
                        .when(is_native)
                        .help("Arithmetic of convolutions and matrix products; bfloat16 on GPUs")
                        .source("Harrow"));
    table.push_back(
        row<kBackbone, &BackboneConfig::feature_dtype>("backbone.feature_dtype", kStage)
            .choices({"float16", "float32"})
            .help("How features are stored; float32 takes twice the space and holds values beyond "
                  "65504")
            .source("Harrow"));
}

}  // namespace

void add_backbone_rows(std::vector<Parameter>& table) {
    add_model_choice_rows(table);
    add_layer_rows(table);
    add_numerics_rows(table);
}

}  // namespace harrow::sweeps
