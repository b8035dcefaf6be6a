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

/// Reads and checks everything but the features themselves of an open file of `bytes` bytes: its
/// seal first, so that HDF5 never sees an altered byte. Throws DamagedFile for an altered or
/// foreign file, NewerFormat, and a plain StorageError naming `path` when reading fails.
FeatureFile read_feature_file(int descriptor,
                              std::uint64_t bytes,
                              const std::string& key,
                              const std::filesystem::path& path);

/// XXH3-64 of each block of images of an open file; reads all features, one block at a time.
/// Throws StorageError naming `path`.
std::vector<std::uint64_t> block_checksums(int descriptor,
                                           const FeatureInfo& info,
                                           const FeatureLayout& layout,
                                           const std::filesystem::path& path);

}  // namespace harrow::storage
