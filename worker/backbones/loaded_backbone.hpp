#pragma once

#include <string>

#include "sweeps/backbones.hpp"
#include "worker/backbone.hpp"

namespace harrow::worker {

/// What backbones with a weights file share.
class LoadedBackbone : public Backbone {
public:
    std::int64_t channels() const override;
    FeatureGeometry geometry(int image_size) const override;
    std::string weights_digest() const override { return digest_; }
    storage::Normalization normalization() const override;

protected:
    /// Digests `config.weights`. Throws sweeps::UsageError when that is empty or the configuration
    /// does not suit the architecture.
    LoadedBackbone(const sweeps::BackboneArchitecture& architecture,
                   const sweeps::BackboneConfig& config,
                   torch::Device device);

    const sweeps::BackboneArchitecture& architecture() const { return architecture_; }
    const sweeps::BackboneConfig& config() const { return config_; }
    torch::Device device() const { return device_; }
    /// Of convolutions and matrix products.
    torch::Dtype dtype() const;
    /// The images on the device. Throws sweeps::UsageError unless they are square and fit.
    torch::Tensor accepted(const torch::Tensor& images) const;

private:
    sweeps::BackboneArchitecture architecture_;
    sweeps::BackboneConfig config_;
    torch::Device device_;
    std::string digest_;
};

}  // namespace harrow::worker
