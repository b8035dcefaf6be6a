#include "sweeps/backbone_geometry.hpp"

#include <algorithm>

#include "sweeps/error.hpp"

namespace harrow::sweeps {
namespace {

constexpr int kFilterbankStride = 8;
constexpr int kFilterbankSmallest = 32;  // its coarsest filters reach this far
constexpr int kTaps = 9;                 // of the 3 x 3 neighbourhood that a patch is made of
constexpr std::int64_t kFloat16Bytes = 2;
constexpr std::int64_t kFloat32Bytes = 4;

using Problems = std::vector<BackboneProblem>;

/// Sides after a convolution of stride 2 whose padding keeps the centre: rounded up.
std::int64_t halved(std::int64_t side) {
    return (side + 1) / 2;
}

std::int64_t resnet_side(int stage, int image_size) {
    std::int64_t side = halved(halved(image_size));  // first convolution, pooling
    for (int i = 1; i < stage; ++i) {
        side = halved(side);
    }
    return side;
}

std::int64_t channels_of(const BackboneArchitecture& architecture, const BackboneConfig& config) {
    return config.embed_dim != 0 ? config.embed_dim : architecture.channels;
}

void check_filterbank(const BackboneArchitecture& bank,
                      const BackboneConfig& config,
                      int image_size,
                      Problems& problems) {
    if (config.embed_dim != 0 && config.embed_dim != bank.channels) {
        problems.push_back({"backbone.embed_dim",
                            "filterbank has 64 channels, not " + std::to_string(config.embed_dim) +
                                "; give 64, or 0 for the backbone's own number"});
    }
    if (image_size < kFilterbankSmallest || image_size % kFilterbankStride != 0) {
        problems.push_back(
            {"data.image_size",
             "filterbank needs a multiple of 8 from 32 on, not " + std::to_string(image_size)});
    }
}

void check_resnet(const BackboneArchitecture& net,
                  const BackboneConfig& config,
                  Problems& problems) {
    if (config.layers.empty()) {
        problems.push_back({"backbone.layers", "no layer is given; the default is layer2,layer3"});
    }
    for (const std::string& layer : config.layers) {
        const int stage = stage_of_layer(layer);
        if (stage == 0) {
            problems.push_back({"backbone.layers",
                                "'" + layer + "' is no layer of " + net.name +
                                    "; there are layer1, layer2, layer3, layer4"});
            continue;
        }
        const int largest = kTaps * stage_channels(net, stage);
        if (channels_of(net, config) > largest) {
            problems.push_back({"backbone.embed_dim",
                                layer + " of " + net.name + " has " + std::to_string(largest) +
                                    " values per patch, fewer than the " +
                                    std::to_string(channels_of(net, config)) +
                                    " channels wanted; give at most " + std::to_string(largest)});
        }
    }
}

void check_blocks(const BackboneArchitecture& net,
                  const BackboneConfig& config,
                  Problems& problems) {
    if (config.blocks.empty()) {
        problems.push_back({"backbone.blocks", "no block is given; the default is 1,3,5,11"});
    }
    for (const std::string& text : config.blocks) {
        const int block = block_of_text(text);
        if (block < 0 || block >= net.depth) {
            problems.push_back({"backbone.blocks",
                                "'" + text + "' is no block of " + net.name +
                                    "; its blocks are 0 to " + std::to_string(net.depth - 1)});
        }
    }
}

void check_transformer(const BackboneArchitecture& net,
                       const BackboneConfig& config,
                       int image_size,
                       Problems& problems) {
    if (averages_blocks(config)) {
        check_blocks(net, config, problems);
    }
    if (channels_of(net, config) != net.width && !uses_projection(net, config)) {
        const bool may_project = averages_blocks(config);
        problems.push_back({"backbone.embed_dim",
                            net.name + " has " + std::to_string(net.width) + " channels, not " +
                                std::to_string(config.embed_dim) + "; give " +
                                std::to_string(net.width) + " or 0" +
                                (may_project ? ", or backbone.projection: random_compat" : "")});
    }
    if (image_size < net.patch || image_size % net.patch != 0) {
        const int below = image_size / net.patch * net.patch;
        const int above = below + net.patch;
        problems.push_back({"data.image_size",
                            net.name + " needs a multiple of its patch of " +
                                std::to_string(net.patch) + " pixels, not " +
                                std::to_string(image_size) + "; the nearest " +
                                (below > 0 ? "are " + std::to_string(below) + " and " : "is ") +
                                std::to_string(above)});
    }
}

void refuse(const Problems& found) {
    std::vector<Problem> problems;
    for (const BackboneProblem& problem : found) {
        problems.push_back({"", 0, problem.parameter, problem.message});
    }
    if (!problems.empty()) {
        throw UsageError(std::move(problems));
    }
}

}  // namespace

std::vector<BackboneProblem> backbone_problems(const BackboneArchitecture& architecture,
                                               const BackboneConfig& config,
                                               int image_size) {
    Problems problems;
    switch (architecture.family) {
        case BackboneFamily::Filterbank:
            check_filterbank(architecture, config, image_size, problems);
            break;
        case BackboneFamily::ResNet:
            check_resnet(architecture, config, problems);
            break;
        case BackboneFamily::VisionTransformer:
        case BackboneFamily::DinoV2:
            check_transformer(architecture, config, image_size, problems);
            break;
        case BackboneFamily::TorchScript:
            break;  // only the file knows
    }
    return problems;
}

std::vector<BackboneProblem> feature_problems(const TrialConfig& config) {
    const BackboneArchitecture* known = find_backbone(config.backbone.name);
    if (known == nullptr) {
        return {};
    }
    const DataConfig& data = config.data;
    Problems problems = backbone_problems(*known, config.backbone, data.image_size);
    if (data.crop_size > data.image_size) {
        problems.push_back({"data.crop_size",
                            "a crop of " + std::to_string(data.crop_size) +
                                " pixels is larger than the image of data.image_size, " +
                                std::to_string(data.image_size) + "; give at most that"});
    }
    if (!sees_image_once(data) && !gives_image_vectors(*known, config.backbone)) {
        const bool is_scaled = data.crop_size == 0;
        problems.push_back(
            {is_scaled ? "data.scales" : "data.crop_size",
             std::string(is_scaled ? "several scales of an image" : "crops") +
                 " want a backbone that gives one vector per image, and " + known->name +
                 (is_transformer(*known) ? " gives patches; set backbone.feature: cls"
                                         : " does not; take a transformer, e.g. dinov2_vitb14, "
                                           "with backbone.feature: cls")});
    }
    return problems;
}

BackboneGeometry backbone_geometry(const BackboneArchitecture& architecture,
                                   const BackboneConfig& config,
                                   int image_size) {
    refuse(backbone_problems(architecture, config, image_size));
    std::int64_t side = 1;
    if (architecture.family == BackboneFamily::Filterbank) {
        side = image_size / kFilterbankStride;
    } else if (architecture.family == BackboneFamily::ResNet) {
        side = resnet_side(stage_of_layer(config.layers.front()), image_size);
    } else if (architecture.family == BackboneFamily::TorchScript) {
        side = (image_size + config.stride - 1) / config.stride;
    } else if (gives_patches(config)) {
        side = image_size / architecture.patch;
    }
    return {side, side, channels_of(architecture, config)};
}

BackboneGeometry backbone_geometry(const TrialConfig& config) {
    const BackboneArchitecture* known = find_backbone(config.backbone.name);
    if (known == nullptr) {
        throw UsageError("backbone.name: no backbone is called '" + config.backbone.name + "'");
    }
    refuse(feature_problems(config));
    return row_geometry(backbone_geometry(*known, config.backbone, config.data.image_size),
                        config.data);
}

BackboneGeometry row_geometry(const BackboneGeometry& one, const DataConfig& data) {
    if (data.crop_size > 0) {
        const std::int64_t side = data.image_size / data.crop_size;
        return {side, side, one.channels};
    }
    return sees_image_once(data) ? one
                                 : BackboneGeometry{1, pictures_per_image(data), one.channels};
}

bool sees_image_once(const DataConfig& data) {
    return data.crop_size == 0 && data.scales.size() <= 1;
}

std::int64_t pictures_per_image(const DataConfig& data) {
    const std::int64_t side = data.crop_size > 0 ? data.image_size / data.crop_size : 0;
    return side > 0 ? side * side
                    : std::max<std::int64_t>(1, static_cast<std::int64_t>(data.scales.size()));
}

std::int64_t feature_bytes(const TrialConfig& config, std::int64_t images) {
    const BackboneGeometry geometry = backbone_geometry(config);
    const std::int64_t value_bytes =
        config.backbone.feature_dtype == "float32" ? kFloat32Bytes : kFloat16Bytes;
    return images * geometry.height * geometry.width * geometry.channels * value_bytes;
}

}  // namespace harrow::sweeps
