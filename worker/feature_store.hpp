#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "storage/feature_cache.hpp"
#include "worker/backbone.hpp"
#include "worker/extraction.hpp"
#include "worker/feature_residency.hpp"
#include "worker/feature_rows.hpp"
#include "worker/work_monitor.hpp"

namespace harrow::worker {

/// Features of one class and split as they were read back from the cache.
struct Features {
    SharedRows rows;
    std::shared_ptr<const storage::FeatureInfo> info;
};

/// The feature cache as a worker sees it over its whole life: extracts what is missing or corrupt,
/// keeps what was used last open between trainings and, on a GPU, in its memory. One thread at a
/// time.
class FeatureStore {
public:
    /// Rows are for methods that compute on `device`. `decode_threads` as in extract_features.
    FeatureStore(const std::filesystem::path& cache_root,
                 torch::Device device,
                 const ResidencyBudget& budget,
                 int decode_threads);

    /// Sees to it that the key is published and valid. The report tells what extracting it took, if
    /// it had to be. Throws as extract_features.
    ExtractionReport ensure(const FeatureRequest& request, WorkMonitor& monitor);

    /// Also for the process that extracted, values come from the published float16 file.
    Features load(const FeatureRequest& request, WorkMonitor& monitor);

    /// Size of the key's file; 0 when it is gone.
    std::int64_t bytes_of(const sweeps::Digest& key) const {
        return static_cast<std::int64_t>(cache_.bytes_of(key).value_or(0));
    }
    /// Since the store was made.
    std::int64_t images_extracted() const noexcept { return images_extracted_; }
    /// What went wrong and was cured since the last call, one line each.
    std::vector<std::string> take_notes();

private:
    using SharedReader = std::shared_ptr<const storage::FeatureReader>;
    struct Mapped {
        std::string key;
        SharedReader reader;
    };

    /// Opens the key's file, or extracts it first; then `report`, if given, says what that took.
    SharedReader open(const FeatureRequest& request,
                      WorkMonitor& monitor,
                      ExtractionReport* report = nullptr);
    ExtractionReport extract(const FeatureRequest& request, WorkMonitor& monitor);
    /// As open, but a file that is open already is not opened again.
    SharedReader mapped(const FeatureRequest& request, WorkMonitor& monitor);

    storage::FeatureCache cache_;
    torch::Device device_;
    std::size_t max_mapped_;
    int decode_threads_;
    DeviceFeatures on_device_;
    std::list<Mapped> mapped_;  ///< most recently used first
    std::unique_ptr<Backbone> backbone_;
    sweeps::BackboneConfig backbone_config_;  ///< of backbone_
    std::int64_t images_extracted_ = 0;
    std::vector<std::string> notes_;
};

}  // namespace harrow::worker
