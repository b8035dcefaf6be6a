#include "storage/feature_cache.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string_view>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "storage/feature_file.hpp"
#include "storage/file_seal.hpp"
#include "storage/half.hpp"

namespace harrow::storage {

namespace {

using sweeps::StorageError;

/// Keys become file names: lower-case hex only.
void require_key(const std::string& key) {
    if (key.size() < 8 || key.find_first_not_of("0123456789abcdef") != std::string::npos) {
        throw std::logic_error("not a feature key: " + key);
    }
}

struct stat status_of(int descriptor, const std::filesystem::path& path) {
    struct stat status {};
    if (::fstat(descriptor, &status) != 0) {
        throw StorageError(io_error_text("inspect", path, errno));
    }
    return status;
}

/// Changes when the file is replaced or written to.
std::string identity_of(const struct stat& status) {
    return std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino) + ":" +
           std::to_string(status.st_size) + ":" + std::to_string(status.st_mtim.tv_sec) + "." +
           std::to_string(status.st_mtim.tv_nsec);
}

/// The access time alone: the time of change tells whether the content was checked already.
constexpr timespec kUsedNow[2] = {{0, UTIME_NOW}, {0, UTIME_OMIT}};

FileDescriptor open_feature_file(const std::filesystem::path& path,
                                 const std::string& key,
                                 const std::filesystem::path& root) {
    // Looking is no use: "last used" is the access time, which use sets by itself. Only the file's
    // owner may read without being noticed.
    FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOATIME));
    if (!file && errno == EPERM) {
        file = FileDescriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    }
    if (!file && errno == ENOENT) {
        throw StorageError("features " + key + " are not in the cache " + root.string() +
                           "; give the same command again to extract them");
    }
    if (!file) {
        throw StorageError(io_error_text("open", path, errno));
    }
    return file;
}

std::string newer_format_text(const std::filesystem::path& path, const std::string& reason) {
    return "feature file " + path.string() + " was written by a newer Harrow: " + reason +
           "; update Harrow, or choose another cache (--cache)";
}

}  // namespace

std::string_view name_of(FeatureType type) {
    return type == FeatureType::Float16 ? "float16" : "float32";
}

FeatureType parse_feature_type(std::string_view name) {
    for (const FeatureType type : {FeatureType::Float16, FeatureType::Float32}) {
        if (name == name_of(type)) {
            return type;
        }
    }
    throw sweeps::UsageError("backbone.feature_dtype is '" + std::string(name) +
                             "'; use float16 or float32");
}

const void* FeatureReader::data(std::int64_t first) const noexcept {
    return static_cast<const unsigned char*>(file_.data()) + features_offset_ +
           static_cast<std::uint64_t>(first) * info_.image_bytes();
}

void FeatureReader::read_float(std::int64_t first, std::int64_t count, float* out) const {
    if (first < 0 || count < 0 || first > info_.shape.images - count) {
        throw StorageError("images " + std::to_string(first) + " to " +
                           std::to_string(first + count) + " were asked of features of " +
                           std::to_string(info_.shape.images) + " images");
    }
    const auto values = static_cast<std::size_t>(count * info_.shape.values_per_image());
    if (info_.type == FeatureType::Float16) {
        halves_to_floats(static_cast<const std::uint16_t*>(data(first)), values, out);
    } else {
        std::memcpy(out, data(first), values * sizeof(float));
    }
}

FeatureCache::FeatureCache(std::filesystem::path root) : root_(std::move(root)) {}

std::filesystem::path FeatureCache::default_root() {
    const auto variable = [](const char* name) -> std::string {
        const char* const value = std::getenv(name);
        return value != nullptr ? value : "";
    };
    if (const std::string own = variable("HARROW_CACHE"); !own.empty()) {
        return own;
    }
    if (const std::string xdg = variable("XDG_CACHE_HOME"); !xdg.empty()) {
        return std::filesystem::path(xdg) / "harrow";
    }
    if (const std::string home = variable("HOME"); !home.empty()) {
        return std::filesystem::path(home) / ".cache" / "harrow";
    }
    throw sweeps::UsageError(
        "no place for the feature cache: HARROW_CACHE, XDG_CACHE_HOME and HOME are all unset; "
        "give --cache DIR");
}

std::filesystem::path FeatureCache::file_of(const std::string& key) const {
    require_key(key);
    return root_ / key.substr(0, 2) / (key + ".h5");
}

bool FeatureCache::contains(const std::string& key) const {
    return bytes_of(key).has_value();
}

std::optional<std::uintmax_t> FeatureCache::bytes_of(const std::string& key) const {
    std::error_code error;
    const std::uintmax_t bytes = std::filesystem::file_size(file_of(key), error);
    return error ? std::nullopt : std::optional<std::uintmax_t>(bytes);
}

FeatureReader FeatureCache::open(const std::string& key) const {
    return open_for(Purpose::Use, key);
}

void FeatureCache::verify(const std::string& key) const {
    open_for(Purpose::Check, key);
}

FeatureReader FeatureCache::open_for(Purpose purpose, const std::string& key) const {
    const std::filesystem::path path = file_of(key);
    const FileDescriptor file = open_feature_file(path, key, root_);
    const struct stat status = status_of(file.get(), path);
    const auto bytes = static_cast<std::uint64_t>(status.st_size);
    const std::lock_guard<std::mutex> lock(mutex_);
    try {
        FeatureFile content = read_feature_file(file.get(), bytes, key, path);
        const FeatureLayout& layout = content.layout;
        if (purpose == Purpose::Check || verified_[key] != identity_of(status)) {
            if (block_checksums(file.get(), content.info, layout, path) != content.checksums) {
                throw DamagedFile("its features do not match their checksums");
            }
            verified_[key] = identity_of(status);
        }
        if (purpose == Purpose::Use) {
            ::futimens(file.get(), kUsedNow);
        }
        return FeatureReader(std::move(content.info),
                             MappedRange(file.get(), 0, bytes, path),
                             layout.features_offset);
    } catch (const NewerFormat& reason) {
        throw StorageError(newer_format_text(path, reason.what()));
    } catch (const DamagedFile& reason) {
        const std::filesystem::path moved = quarantine(key, file.get());
        throw CorruptFeatureFile("feature file " + path.string() + " is damaged: " + reason.what() +
                                     "; " +
                                     (moved.empty() ? "it could not be moved away, delete it"
                                                    : "it was moved to " + moved.string()) +
                                     " and the features must be extracted again",
                                 key,
                                 moved);
    } catch (const StorageError& reason) {
        throw StorageError("feature file " + path.string() + " cannot be read: " + reason.what() +
                           "; it was left as it is");
    }
}

FeatureInfo FeatureCache::describe(const std::string& key) const {
    const std::filesystem::path path = file_of(key);
    const FileDescriptor file = open_feature_file(path, key, root_);
    const auto bytes = static_cast<std::uint64_t>(status_of(file.get(), path).st_size);
    const std::lock_guard<std::mutex> lock(mutex_);
    return read_feature_file(file.get(), bytes, key, path).info;
}

void FeatureCache::touch(const std::string& key) const noexcept {
    try {
        ::utimensat(AT_FDCWD, file_of(key).c_str(), kUsedNow, 0);
    } catch (const std::exception&) {
        // Only `gc` would have liked to know.
    }
}

std::filesystem::path FeatureCache::quarantine(const std::string& key,
                                               int descriptor) const noexcept {
    try {
        const std::filesystem::path path = file_of(key);
        struct stat opened {};
        struct stat named {};
        // Another process may have replaced the file by a good one since we opened it.
        if (::fstat(descriptor, &opened) != 0 || ::stat(path.c_str(), &named) != 0 ||
            opened.st_ino != named.st_ino || opened.st_dev != named.st_dev) {
            return {};
        }
        const std::filesystem::path directory = root_ / "quarantine";
        storage::create_directories(directory);
        std::filesystem::path place;
        for (int counter = 0; place.empty() || std::filesystem::exists(place); ++counter) {
            place = directory / (key + "." + std::to_string(counter) + ".h5");
        }
        return ::rename(path.c_str(), place.c_str()) == 0 ? place : std::filesystem::path();
    } catch (const std::exception&) {
        return {};  // reported as "could not be moved away"
    }
}

void FeatureCache::require_writable() const {
    storage::create_directories(root_);
    PendingFile probe(root_ / "probe");
    probe.discard();
}

}  // namespace harrow::storage
