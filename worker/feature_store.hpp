#pragma once

#include <cstdint>
#include <filesystem>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "storage/feature_cache.hpp"
#include "worker/backbone.hpp"
#include "worker/extraction.hpp"
#include "worker/work_monitor.hpp"

namespace harrow::worker {

/// Features of one class and split as they were read back from the cache.
struct Features {
    torch::Tensor values;  ///< float32 [N,H,W,D] on the CPU; shared, not to be written to
    std::shared_ptr<const storage::FeatureInfo> info;
};

/// The feature cache as a worker sees it over its whole life: extracts what is missing or corrupt,
/// and keeps what was used last in memory between trainings. One thread at a time.
class FeatureStore {
public:
    /// `resident_bytes`: budget of what stays in memory between two calls.
    FeatureStore(const std::filesystem::path& cache_root,
                 torch::Device device,
                 std::int64_t resident_bytes);

    /// Sees to it that the key is published and valid. Returns the number of images extracted for
    /// it, 0 when it was there. Throws as extract_features.
    std::int64_t ensure(const FeatureRequest& request, WorkMonitor& monitor);

    /// Also for the process that extracted, values come from the published float16 file.
    Features load(const FeatureRequest& request, WorkMonitor& monitor);

    std::int64_t images_extracted() const noexcept { return images_extracted_; }
    /// What went wrong and was cured since the last call, one line each.
    std::vector<std::string> take_notes();

private:
    struct Resident {
        std::string key;
        Features features;
        std::int64_t bytes = 0;
    };

    storage::FeatureReader open(const FeatureRequest& request, WorkMonitor& monitor);
    void extract(const FeatureRequest& request, WorkMonitor& monitor);
    void keep(const std::string& key, const Features& features);

    storage::FeatureCache cache_;
    torch::Device device_;
    std::int64_t resident_budget_bytes_;
    std::int64_t resident_bytes_ = 0;
    std::list<Resident> resident_;  ///< most recently used first
    std::unique_ptr<Backbone> backbone_;
    sweeps::BackboneConfig backbone_config_;  ///< of backbone_
    std::int64_t images_extracted_ = 0;
    std::vector<std::string> notes_;
};

}  // namespace harrow::worker
