#pragma once

#include <cstdint>
#include <ctime>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "storage/feature_cache.hpp"

namespace harrow::storage {

/// A file under a feature key's name.
struct CacheEntry {
    std::string key;
    std::filesystem::path path;
    std::uint64_t bytes = 0;
    std::time_t last_used = 0;        ///< UTC; opened or written
    std::optional<FeatureInfo> info;  ///< missing: not asked for, or `problem` says why
    std::string problem;              ///< why the file cannot say what it holds; else empty
};

/// Any other file in the cache's folder.
struct OtherFile {
    std::filesystem::path path;
    std::uint64_t bytes = 0;
};

struct CacheListing {
    std::vector<CacheEntry> entries;  ///< by key
    std::vector<OtherFile> quarantined;
    std::vector<OtherFile> temporary;   ///< being written, or left behind
    std::vector<OtherFile> foreign;     ///< not Harrow's
    std::vector<std::string> problems;  ///< folders that cannot be listed
    bool root_exists = true;

    std::uint64_t entry_bytes() const noexcept;
};

enum class Describe { No, Yes };

/// Whether a folder of this name in the cache's root is one that Harrow makes there.
bool is_own_folder(const std::string& name);

/// Everything under the cache's root; a root that does not exist is empty. With Describe::Yes each
/// file's description is read as well. A damaged or foreign file never throws.
CacheListing list_cache(const FeatureCache& cache, Describe describe);

}  // namespace harrow::storage
