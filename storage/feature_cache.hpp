#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/files.hpp"
#include "storage/mapped_file.hpp"
#include "sweeps/error.hpp"

namespace harrow::storage {

/// How values are stored. Both are read back as float32.
enum class FeatureType { Float16, Float32 };
/// "float16" or "float32", as in backbone.feature_dtype.
std::string_view name_of(FeatureType type);
/// Throws sweeps::UsageError for any other name.
FeatureType parse_feature_type(std::string_view name);

/// [N, H, W, D]: images, patch rows, patch columns, channels. All positive.
struct FeatureShape {
    std::int64_t images = 0;
    std::int64_t height = 0;
    std::int64_t width = 0;
    std::int64_t channels = 0;

    std::int64_t values_per_image() const noexcept { return height * width * channels; }
};

struct FeatureSource {
    std::string relative_path;
    std::string digest;
};

struct FeatureInfo {
    FeatureShape shape;
    FeatureType type = FeatureType::Float16;
    std::string canonical_text;  ///< of the parameters that decided the features
    std::string weights_digest;
    std::vector<FeatureSource> images;  ///< in the order of the first dimension
    /// Of images that were made of those: their split and seed in the first line, e.g. "anomalies
    /// seed 3", then how, as sweeps::recipe_text says. Empty: the images are as in their files.
    std::string made = {};

    std::uint64_t image_bytes() const noexcept {
        return static_cast<std::uint64_t>(shape.values_per_image()) *
               (type == FeatureType::Float16 ? 2U : 4U);
    }
    std::uint64_t features_bytes() const noexcept {
        return static_cast<std::uint64_t>(shape.images) * image_bytes();
    }
};

/// A cache file did not hold what it promised. It has been moved out of the way (if the file system
/// let us), so that extracting the key again is the cure.
class CorruptFeatureFile : public sweeps::StorageError {
public:
    CorruptFeatureFile(const std::string& message,
                       std::string feature_key,
                       std::filesystem::path moved_to)
        : StorageError(message), key(std::move(feature_key)), quarantined(std::move(moved_to)) {}
    std::string key;
    std::filesystem::path quarantined;  ///< empty when it could not be moved
};

/// One published feature file, mapped read-only and checked when it was opened. May outlive the
/// cache object and the file's removal. Move-only; reading is thread-safe.
class FeatureReader {
public:
    const FeatureInfo& info() const noexcept { return info_; }
    /// Stored bytes of the images from `first` on: IEEE binary16 or binary32 as info().type says,
    /// [N - first, H, W, D] contiguous. Those of image 0 are aligned to 4 KiB.
    const void* data(std::int64_t first = 0) const noexcept;
    /// Images [first, first + count) as float32 [count, H, W, D]; exact. Throws StorageError for
    /// images that are not there.
    void read_float(std::int64_t first, std::int64_t count, float* out) const;

private:
    friend class FeatureCache;
    FeatureReader(FeatureInfo info, MappedRange file, std::uint64_t features_offset)
        : info_(std::move(info)), file_(std::move(file)), features_offset_(features_offset) {}
    FeatureInfo info_;
    MappedRange file_;
    std::uint64_t features_offset_ = 0;
};

/// A feature file under construction; invisible to readers until publish().
class FeatureWriter {
public:
    FeatureWriter(FeatureWriter&&) noexcept;
    FeatureWriter& operator=(FeatureWriter&&) noexcept;
    ~FeatureWriter();

    /// Stores images [first_image, first_image + count) from float32 [count, H, W, D]; as float16
    /// they are rounded to nearest even. Any order; the last write of an image counts. Throws
    /// StorageError when the disk refuses, and sweeps::DataError, naming image, position and value,
    /// for one that is not finite or that float16 cannot hold (beyond 65504).
    void write(std::int64_t first_image, std::int64_t count, const float* values);
    /// Adds checksums, syncs and renames. Every image must have been written. When another process
    /// has published the key meanwhile its file stays and ours is dropped: that is success.
    void publish();

private:
    friend class FeatureCache;
    struct Impl;
    explicit FeatureWriter(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

/// Content-addressed store of backbone features, one immutable file per feature key:
/// `<root>/<first 2 hex>/<key>.h5` (layout: docs/file-formats.md). Any number of processes share a
/// root, without locks. The object may be used by several threads.
class FeatureCache {
public:
    explicit FeatureCache(std::filesystem::path root);
    /// $HARROW_CACHE, else $XDG_CACHE_HOME/harrow, else ~/.cache/harrow.
    /// Throws UsageError when none of the variables is set.
    static std::filesystem::path default_root();

    const std::filesystem::path& root() const noexcept { return root_; }
    std::filesystem::path file_of(const std::string& key) const;
    /// A file of that name exists; its content is checked by open().
    bool contains(const std::string& key) const;
    /// Size of the file, if it exists.
    std::optional<std::uintmax_t> bytes_of(const std::string& key) const;
    /// Opens and maps a key's features, and notes that they were used. Seal and layout are checked
    /// each time, the block checksums once per object and file. A file whose content is not what
    /// was written is moved to `<root>/quarantine/` and reported as CorruptFeatureFile. A file that
    /// cannot be read, or that a newer Harrow wrote, stays where it is: another StorageError, as is
    /// a key that is not there.
    FeatureReader open(const std::string& key) const;
    /// Checks every byte now, whatever was checked before; the file does not count as used. Throws
    /// as open().
    void verify(const std::string& key) const;
    /// What the file says about itself; features are neither read nor checked, nothing is moved and
    /// the file does not count as used. Throws DamagedFile, NewerFormat or a plain StorageError.
    FeatureInfo describe(const std::string& key) const;
    /// Notes that the features are used now, as their file's access time, for `gc`. A file of
    /// another user keeps its time.
    void touch(const std::string& key) const noexcept;
    /// Throws StorageError when no file can be made under root(); creates root().
    void require_writable() const;
    /// Starts a new file; reserves its space at once, where the file system can, so that a full
    /// disk is found before any work is done. Creates directories as needed. Throws StorageError.
    FeatureWriter create(const std::string& key, const FeatureInfo& info) const;

private:
    enum class Purpose { Use, Check };
    FeatureReader open_for(Purpose purpose, const std::string& key) const;
    std::filesystem::path quarantine(const std::string& key, int descriptor) const noexcept;

    std::filesystem::path root_;
    mutable std::mutex mutex_;                             ///< guards verified_ and HDF5 calls
    mutable std::map<std::string, std::string> verified_;  ///< key -> identity of the checked file
};

}  // namespace harrow::storage
