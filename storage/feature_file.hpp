#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "storage/feature_cache.hpp"

/// Layout of one feature file. Private to the feature cache.
namespace harrow::storage {

/// Where the arrays lie in the file, in bytes from its beginning.
struct FeatureLayout {
    std::uint64_t features_offset = 0;  ///< multiple of 4096
    std::uint64_t features_bytes = 0;
    std::uint64_t checksums_offset = 0;
    std::int64_t block_images = 1;  ///< images per checksum; the last block may be shorter

    std::uint64_t image_bytes(const FeatureShape& shape) const noexcept {
        return static_cast<std::uint64_t>(shape.values_per_image()) * sizeof(std::uint16_t);
    }
    std::int64_t num_blocks(const FeatureShape& shape) const noexcept {
        return (shape.images + block_images - 1) / block_images;
    }
};

/// Throws StorageError when a size is not positive, the file would exceed 2^40 bytes, or the list
/// of images has another length than the shape says.
void require_valid(const FeatureInfo& info);

/// Writes a complete HDF5 file with all metadata and the two arrays allocated but not filled.
/// `file` exists and is overwritten.
FeatureLayout create_feature_file(const std::filesystem::path& file,
                                  const std::string& key,
                                  const FeatureInfo& info);

struct FeatureFile {
    FeatureInfo info;
    FeatureLayout layout;
    std::vector<std::uint64_t> checksums;
};

/// Reads and checks everything but the features themselves. Throws StorageError for another key,
/// version, type or layout.
FeatureFile read_feature_file(const std::filesystem::path& file, const std::string& key);

/// XXH3-64 of each block of images of `features`, [N, H, W, D] binary16.
std::vector<std::uint64_t> block_checksums(const void* features,
                                           const FeatureShape& shape,
                                           const FeatureLayout& layout);

}  // namespace harrow::storage
