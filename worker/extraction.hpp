#pragma once

#include <cstdint>
#include <string>

#include "storage/feature_cache.hpp"
#include "sweeps/hashing.hpp"
#include "sweeps/trial_config.hpp"
#include "worker/backbone.hpp"
#include "worker/work_monitor.hpp"

namespace harrow::worker {

/// One class and split whose features are wanted, with all that is needed to extract them.
struct FeatureRequest {
    sweeps::Digest key;
    sweeps::TrialConfig config;  ///< data.layout and data.root filled in
    std::string class_name;
    std::string split;             ///< "train" or "test"
    sweeps::Digest images_digest;  ///< what the key was made of; empty: only the key is checked
};

/// Images per call of a backbone or a method; the last batch is padded. Results depend on the
/// number of rows of a matrix product, so this never changes and images are never regrouped.
constexpr std::int64_t kBatchImages = 8;

/// Rows [first, first + kBatchImages) of [N, …]; past the end the last row is repeated.
torch::Tensor fixed_batch(const torch::Tensor& rows, std::int64_t first);

/// Reads, decodes and preprocesses the images, runs the backbone and publishes the features under
/// the request's key. Returns the number of images. Throws sweeps::DataError when an image cannot
/// be used or the data are not those the key names, sweeps::StorageError, sweeps::UsageError for an
/// image size the backbone refuses, WorkStopped.
std::int64_t extract_features(const FeatureRequest& request,
                              Backbone& backbone,
                              const storage::FeatureCache& cache,
                              WorkMonitor& monitor);

}  // namespace harrow::worker
