#pragma once

#include <cstdint>

#include "coordinator/work.hpp"
#include "storage/feature_cache.hpp"
#include "worker/backbone.hpp"
#include "worker/extraction_source.hpp"
#include "worker/feature_rows.hpp"
#include "worker/work_monitor.hpp"

namespace harrow::worker {

/// What extracting features took.
struct ExtractionReport {
    std::int64_t images = 0;  ///< 0: nothing was extracted
    coordinator::WorkTimes times;
};

/// Reads, decodes and preprocesses the images on `decode_threads` threads (>= 1) ahead of the
/// backbone, or makes them of others, and publishes its features, a row per image as extract_rows
/// has it, under the request's key. Memory does not grow with the number of images, but for the
/// normal images that anomalies are made of, and features do not depend on the number of threads.
/// Throws sweeps::DataError when an image cannot be used (the first such one in order) or the data
/// are not those the key names, sweeps::StorageError, sweeps::UsageError for an image size, scales
/// or crops the backbone refuses, WorkStopped.
ExtractionReport extract_features(const FeatureRequest& request,
                                  Backbone& backbone,
                                  const storage::FeatureCache& cache,
                                  int decode_threads,
                                  WorkMonitor& monitor);

}  // namespace harrow::worker
