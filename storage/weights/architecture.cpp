#include "storage/weights/architecture.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

namespace harrow::storage {
namespace {

using Tensors = std::vector<TensorEntry>;
using Shape = std::vector<std::int64_t>;

const TensorEntry* find(const Tensors& tensors, std::string_view name) {
    const auto found = std::lower_bound(
        tensors.begin(), tensors.end(), name, [](const TensorEntry& a, std::string_view n) {
            return a.name < n;
        });
    return found != tensors.end() && found->name == name ? &*found : nullptr;
}

/// Number of consecutive i from 0 with a tensor `<before><i><after>`.
std::int64_t count_blocks(const Tensors& tensors,
                          const std::string& before,
                          const std::string& after) {
    std::int64_t count = 0;
    while (find(tensors, before + std::to_string(count) + after) != nullptr) {
        ++count;
    }
    return count;
}

bool ends_with(std::string_view text, std::string_view end) {
    return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

bool starts_with(std::string_view text, std::string_view start) {
    return text.substr(0, start.size()) == start;
}

struct ResNetKind {
    std::string_view backbone;
    std::string_view blocks;
    bool has_bottleneck;
    std::int64_t width;
};
constexpr std::array<ResNetKind, 6> kResNets = {{{"resnet18", "2-2-2-2", false, 64},
                                                 {"resnet34", "3-4-6-3", false, 64},
                                                 {"resnet50", "3-4-6-3", true, 64},
                                                 {"resnet101", "3-4-23-3", true, 64},
                                                 {"wide_resnet50_2", "3-4-6-3", true, 128},
                                                 {"wide_resnet101_2", "3-4-23-3", true, 128}}};

WeightsArchitecture guess_resnet(const Tensors& tensors) {
    WeightsArchitecture guess;
    const TensorEntry* stem = find(tensors, "conv1.weight");
    const TensorEntry* first = find(tensors, "layer1.0.conv1.weight");
    const TensorEntry* second = find(tensors, "layer1.0.conv2.weight");
    if (first == nullptr || second == nullptr || first->shape.size() != 4 ||
        second->shape.size() != 4) {
        return guess;
    }
    guess.family = "ResNet";
    guess.naming = "torchvision and timm";
    guess.width = first->shape[0];
    for (int layer = 1; layer <= 4; ++layer) {
        const std::int64_t blocks =
            count_blocks(tensors, "layer" + std::to_string(layer) + ".", ".conv1.weight");
        guess.blocks += (layer == 1 ? "" : "-") + std::to_string(blocks);
        guess.depth += blocks;
    }
    const bool has_bottleneck = find(tensors, "layer1.0.conv3.weight") != nullptr;
    const bool is_plain = stem != nullptr && stem->shape == Shape{64, 3, 7, 7} &&
                          second->shape[1] == guess.width;  // else grouped, as in ResNeXt
    for (const ResNetKind& kind : kResNets) {
        if (is_plain && kind.blocks == guess.blocks && kind.has_bottleneck == has_bottleneck &&
            kind.width == guess.width) {
            guess.backbone = kind.backbone;
        }
    }
    return guess;
}

struct TransformerNames {
    std::string_view naming;
    std::string patch, position, registers, block, first_norm, scale;
};

const std::array<TransformerNames, 2>& transformer_names() {
    static const std::array<TransformerNames, 2> kNames = {
        {{"timm",
          "patch_embed.proj.weight",
          "pos_embed",
          "reg_token",
          "blocks.",
          ".norm1.weight",
          ".ls1.gamma"},
         {"transformers",
          "embeddings.patch_embeddings.projection.weight",
          "embeddings.position_embeddings",
          "embeddings.register_tokens",
          "encoder.layer.",
          ".norm1.weight",
          ".layer_scale1.lambda1"}}};
    return kNames;
}

/// Pixels along a side: the tokens are a square grid, with or without a class token before it.
std::int64_t image_size_of(const Shape& position, std::int64_t patch) {
    if (position.size() != 3) {
        return 0;
    }
    for (const std::int64_t tokens : {position[1], position[1] - 1}) {
        const auto side =
            std::llround(std::sqrt(static_cast<double>(std::max<std::int64_t>(tokens, 0))));
        if (side > 0 && side < 100000 && side * side == tokens && patch < 100000) {
            return side * patch;
        }
    }
    return 0;
}

std::string transformer_backbone(const WeightsArchitecture& guess) {
    struct Size {
        std::int64_t width, depth;
        std::string_view vit, dino;
    };
    constexpr std::array<Size, 3> kSizes = {
        {{384, 12, "small", "s"}, {768, 12, "base", "b"}, {1024, 24, "large", "l"}}};
    for (const Size& size : kSizes) {
        if (size.width != guess.width || size.depth != guess.depth) {
            continue;
        }
        if (guess.family == "DINOv2" && (guess.registers == 0 || guess.registers == 4)) {
            return "dinov2_vit" + std::string(size.dino) + "14" +
                   (guess.registers > 0 ? "_reg" : "");
        }
        if (guess.family == "ViT" && guess.naming == "timm" && guess.patch == 16 &&
            guess.registers == 0 && guess.image_size > 0) {  // positions are resampled
            return "vit_" + std::string(size.vit) +
                   (guess.image_size == 384 ? "_patch16_384" : "_patch16_224");
        }
    }
    return "";
}

WeightsArchitecture guess_transformer(const Tensors& tensors, const TransformerNames& names) {
    WeightsArchitecture guess;
    const TensorEntry* patch = find(tensors, names.patch);
    const TensorEntry* position = find(tensors, names.position);
    if (patch == nullptr || position == nullptr || patch->shape.size() != 4) {
        return guess;
    }
    guess.naming = names.naming;
    guess.width = patch->shape[0];
    guess.patch = patch->shape[3];
    guess.depth = count_blocks(tensors, names.block, names.first_norm);
    guess.image_size = image_size_of(position->shape, guess.patch);
    if (const TensorEntry* registers = find(tensors, names.registers)) {
        guess.registers = registers->shape.size() == 3 ? registers->shape[1] : 0;
    }
    const bool has_scale = find(tensors, names.block + "0" + names.scale) != nullptr;
    guess.family = has_scale && guess.patch == 14 ? "DINOv2" : "ViT";
    if (guess.family == "DINOv2" || !has_scale) {  // plain ViTs have no layer scale
        guess.backbone = transformer_backbone(guess);
    }
    return guess;
}

/// "vit_base_patch16_384" -> "vit_base_patch16"
std::string without_image_size(const std::string& backbone) {
    for (const std::string_view end : {"_224", "_384"}) {
        if (ends_with(backbone, end)) {
            return backbone.substr(0, backbone.size() - end.size());
        }
    }
    return backbone;
}

}  // namespace

WeightsArchitecture guess_architecture(const std::vector<TensorEntry>& tensors) {
    WeightsArchitecture guess = guess_resnet(tensors);
    for (const TransformerNames& names : transformer_names()) {
        if (guess.family.empty()) {
            guess = guess_transformer(tensors, names);
        }
    }
    return guess;
}

std::string architecture_text(const WeightsArchitecture& architecture) {
    if (architecture.family.empty()) {
        return "";
    }
    std::string text = architecture.family + ", " + architecture.naming + " names, ";
    if (architecture.patch == 0) {
        return text + "blocks " + architecture.blocks + ", width " +
               std::to_string(architecture.width);
    }
    text += "depth " + std::to_string(architecture.depth) + ", width " +
            std::to_string(architecture.width) + ", patch " + std::to_string(architecture.patch);
    if (architecture.registers > 0) {
        text += ", " + std::to_string(architecture.registers) + " registers";
    }
    return text + (architecture.image_size > 0
                       ? ", made for " + std::to_string(architecture.image_size) + " px"
                       : "");
}

bool may_serve(const WeightsArchitecture& architecture, const std::string& backbone) {
    return !architecture.backbone.empty() &&
           without_image_size(architecture.backbone) == without_image_size(backbone);
}

bool is_unused_tensor(const TensorEntry& tensor) {
    for (const char* head : {"fc.", "head.", "head_dist.", "classifier.", "fc_norm.", "pooler."}) {
        if (starts_with(tensor.name, head)) {
            return true;
        }
    }
    return ends_with(tensor.name, "num_batches_tracked") || tensor.name == "mask_token" ||
           tensor.name == "embeddings.mask_token";
}

std::uint64_t parameter_count(const std::vector<TensorEntry>& tensors) {
    std::uint64_t count = 0;
    for (const TensorEntry& tensor : tensors) {
        const bool is_float = starts_with(tensor.dtype, "F") || tensor.dtype == "BF16";
        const bool is_statistic =
            ends_with(tensor.name, "running_mean") || ends_with(tensor.name, "running_var");
        count += is_float && !is_statistic ? element_count(tensor) : 0;
    }
    return count;
}

}  // namespace harrow::storage
