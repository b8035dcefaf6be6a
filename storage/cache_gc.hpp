#pragma once

#include <cstddef>
#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <vector>

#include "storage/cache_listing.hpp"
#include "storage/feature_cache.hpp"

namespace harrow::storage {

struct GcPolicy {
    std::optional<std::uint64_t> max_bytes;  ///< of all feature files together
    std::optional<std::int64_t> max_idle_s;  ///< files that were not used for longer go
    bool quarantine = false;                 ///< remove damaged files that were kept as well
    bool dry_run = false;                    ///< only say what would go
};

struct GcReport {
    std::vector<CacheEntry> removed;  ///< least recently used first
    std::size_t kept_in_use = 0;      ///< files that should have gone, but a run uses them
    std::uint64_t bytes_before = 0;   ///< of all feature files
    std::uint64_t bytes_after = 0;
    std::vector<OtherFile> temporaries;  ///< stale ones that were removed
    std::vector<OtherFile> quarantined;  ///< that were removed
    std::vector<std::string> problems;   ///< what could not be removed or listed, and why
};

/// Removes feature files, least recently used first, until the policy holds; also stale temporary
/// files and folders that are empty. Features of a running sweep (CacheLease) stay. A file that is
/// removed while somebody reads it stays readable for him. `now`: seconds since 1970. Never throws
/// for what it finds.
GcReport collect_garbage(const FeatureCache& cache, const GcPolicy& policy, std::time_t now);

}  // namespace harrow::storage
