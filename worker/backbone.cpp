#include "worker/backbone.hpp"

#include "storage/weights/weights_digest.hpp"
#include "sweeps/backbone_geometry.hpp"
#include "sweeps/error.hpp"
#include "worker/backbones/filterbank.hpp"
#include "worker/backbones/loaded_backbone.hpp"
#include "worker/backbones/resnet.hpp"
#include "worker/backbones/torchscript.hpp"
#include "worker/backbones/vision_transformer.hpp"

namespace harrow::worker {

namespace {

constexpr storage::Normalization kPlusMinusOne{{0.5F, 0.5F, 0.5F}, {0.5F, 0.5F, 0.5F}};

}  // namespace

LoadedBackbone::LoadedBackbone(const sweeps::BackboneArchitecture& architecture,
                               const sweeps::BackboneConfig& config,
                               torch::Device device)
    : architecture_(architecture), config_(config), device_(device) {
    if (config.weights.empty()) {
        throw sweeps::UsageError("backbone.weights is missing; give the file of " +
                                 architecture.name + "'s weights");
    }
    sweeps::backbone_geometry(architecture, config, architecture.native_image_size);
    digest_ = storage::weights_digest(config.weights);
}

std::int64_t LoadedBackbone::channels() const {
    return config_.embed_dim != 0 ? config_.embed_dim : architecture_.channels;
}

FeatureGeometry LoadedBackbone::geometry(int image_size) const {
    const auto [height, width, channels] =
        sweeps::backbone_geometry(architecture_, config_, image_size);
    return {height, width, channels};
}

storage::Normalization LoadedBackbone::normalization() const {
    const bool is_recipe = config_.normalization == "recipe";
    return is_recipe && architecture_.recipe == sweeps::PixelRecipe::PlusMinusOne
               ? kPlusMinusOne
               : storage::kImageNet;
}

torch::Dtype LoadedBackbone::dtype() const {
    return config_.precision == "bfloat16" ? torch::kBFloat16 : torch::kFloat32;
}

torch::Tensor LoadedBackbone::accepted(const torch::Tensor& images) const {
    if (images.dim() != 4 || images.size(1) != 3 || images.size(2) != images.size(3)) {
        throw sweeps::UsageError("the backbone " + architecture_.name +
                                 " takes square images of 3 channels, [B,3,S,S]");
    }
    geometry(static_cast<int>(images.size(2)));
    return images.to(device_, torch::kFloat32);
}

std::unique_ptr<Backbone> make_backbone(const sweeps::BackboneConfig& config,
                                        torch::Device device) {
    const sweeps::BackboneArchitecture* known = sweeps::find_backbone(config.name);
    if (known == nullptr) {
        std::string names;
        for (const std::string& name : sweeps::backbone_names()) {
            names += (names.empty() ? "" : ", ") + name;
        }
        throw sweeps::UsageError("backbone.name is '" + config.name +
                                 "', but this worker knows only: " + names);
    }
    if (config.precision == "bfloat16" && device.is_cpu() &&
        (known->family == sweeps::BackboneFamily::ResNet || sweeps::is_transformer(*known))) {
        throw sweeps::UsageError(
            "backbone.precision is bfloat16, which is for GPUs, but this slot has none; use "
            "float32");
    }
    switch (known->family) {
        case sweeps::BackboneFamily::ResNet:
            return std::make_unique<ResNet>(*known, config, device);
        case sweeps::BackboneFamily::VisionTransformer:
        case sweeps::BackboneFamily::DinoV2:
            return std::make_unique<VisionTransformer>(*known, config, device);
        case sweeps::BackboneFamily::TorchScript:
            return std::make_unique<TorchScript>(*known, config, device);
        case sweeps::BackboneFamily::Filterbank:
            break;
    }
    return std::make_unique<Filterbank>(config.embed_dim, device);
}

}  // namespace harrow::worker
