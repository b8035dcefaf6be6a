#pragma once

#include <cstdint>
#include <string>

#include "coordinator/work.hpp"
#include "storage/feature_cache.hpp"
#include "sweeps/hashing.hpp"
#include "sweeps/trial_config.hpp"
#include "worker/backbone.hpp"
#include "worker/feature_rows.hpp"
#include "worker/work_monitor.hpp"

namespace harrow::worker {

/// One class and split whose features are wanted, with all that is needed to extract them.
struct FeatureRequest {
    sweeps::Digest key;
    sweeps::TrialConfig config;  ///< as the view has it; data.layout and data.root filled in
    std::string class_name;
    std::string split;             ///< of sweeps::FeatureView
    sweeps::Digest images_digest;  ///< what the key was made of; empty: only the key is checked
    std::uint64_t seed = 0;        ///< the trial's; of images that are made for training
};

/// Rows [first, first + kBatchImages) of [N, …]; past the end the last row is repeated.
torch::Tensor fixed_batch(const torch::Tensor& rows, std::int64_t first);

/// What extracting features took.
struct ExtractionReport {
    std::int64_t images = 0;  ///< 0: nothing was extracted
    coordinator::WorkTimes times;
};

/// Reads, decodes and preprocesses the images on `decode_threads` threads (>= 1) ahead of the
/// backbone and publishes its features under the request's key. Memory does not grow with the
/// number of images, and features do not depend on the number of threads. Throws sweeps::DataError
/// when an image cannot be used (the first such one in order) or the data are not those the key
/// names, sweeps::StorageError, sweeps::UsageError for an image size the backbone refuses,
/// WorkStopped.
ExtractionReport extract_features(const FeatureRequest& request,
                                  Backbone& backbone,
                                  const storage::FeatureCache& cache,
                                  int decode_threads,
                                  WorkMonitor& monitor);

}  // namespace harrow::worker
