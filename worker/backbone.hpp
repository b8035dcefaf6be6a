#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <torch/torch.h>

#include "storage/datasets/preprocess.hpp"
#include "sweeps/trial_config.hpp"
#include "worker/method.hpp"

namespace harrow::worker {

/// A frozen feature extractor. Nothing in it learns and nothing in it is random: equal images give
/// equal features, whatever batch they stand in. One thread at a time.
class Backbone {
public:
    virtual ~Backbone() = default;

    virtual std::int64_t channels() const = 0;
    /// Patch grid of a square image; 1 x 1 for a backbone that gives one vector per image. Throws
    /// sweeps::UsageError for a size the backbone cannot take.
    virtual FeatureGeometry geometry(int image_size) const = 0;
    /// Digest of the weights file; empty for a backbone without weights.
    virtual std::string weights_digest() const = 0;
    /// What images must be normalised with before extract sees them.
    virtual storage::Normalization normalization() const { return storage::kImageNet; }
    /// Normalised [B,3,S,S] float32 -> [B,H,W,D] float32, contiguous, on the backbone's
    /// device.
    virtual torch::Tensor extract(const torch::Tensor& images) = 0;
};

/// Loads the weights where there are some. Throws sweeps::UsageError for a name it does not know
/// and for options the backbone or the device cannot serve, sweeps::DataError for a file of weights
/// that cannot be read or does not fit.
std::unique_ptr<Backbone> make_backbone(const sweeps::BackboneConfig& config, torch::Device device);

}  // namespace harrow::worker
