#include "storage/feature_cache.hpp"

#include <algorithm>
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

/// The open file itself, whatever its name points at by now.
std::filesystem::path path_of(int descriptor) {
    return "/proc/self/fd/" + std::to_string(descriptor);
}

std::string_view bytes_of_map(const MappedRange& map) {
    return {static_cast<const char*>(map.data()), map.bytes()};
}

void write_at(int descriptor,
              std::uint64_t offset,
              const void* data,
              std::size_t bytes,
              const std::filesystem::path& path) {
    const char* position = static_cast<const char*>(data);
    while (bytes > 0) {
        const ssize_t written = ::pwrite(descriptor, position, bytes, static_cast<off_t>(offset));
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written < 0) {
            throw StorageError(io_error_text("write", path, errno));
        }
        position += written;
        offset += static_cast<std::uint64_t>(written);
        bytes -= static_cast<std::size_t>(written);
    }
}

/// Asks the file system for the space now. File systems that cannot reserve are left alone.
void reserve(const PendingFile& file, std::uint64_t bytes) {
    if (::fallocate(file.descriptor(), 0, 0, static_cast<off_t>(bytes)) == 0) {
        return;
    }
    if (errno == ENOSPC || errno == EDQUOT || errno == EFBIG) {
        throw StorageError(
            io_error_text("reserve " + std::to_string(bytes) + " bytes for", file.target(), errno));
    }
}

/// Generous bound of what a feature file takes besides its features.
std::uint64_t description_bytes(const FeatureInfo& info) {
    std::uint64_t widest = 0;
    for (const FeatureSource& image : info.images) {
        widest = std::max<std::uint64_t>(widest, image.relative_path.size() + image.digest.size());
    }
    return (64U << 10) + info.images.size() * (widest + 64) + info.canonical_text.size();
}

}  // namespace

const std::uint16_t* FeatureReader::half_data() const noexcept {
    const auto* const bytes = static_cast<const unsigned char*>(file_.data());
    return reinterpret_cast<const std::uint16_t*>(bytes + features_offset_);
}

void FeatureReader::read_float(std::int64_t first, std::int64_t count, float* out) const {
    if (first < 0 || count < 0 || first > info_.shape.images - count) {
        throw StorageError("images " + std::to_string(first) + " to " +
                           std::to_string(first + count) + " were asked of features of " +
                           std::to_string(info_.shape.images) + " images");
    }
    const std::int64_t per_image = info_.shape.values_per_image();
    halves_to_floats(
        half_data() + first * per_image, static_cast<std::size_t>(count * per_image), out);
}

struct FeatureWriter::Impl {
    std::string key;
    FeatureInfo info;
    FeatureLayout layout;
    PendingFile file;
    std::vector<bool> written;
    std::vector<std::uint16_t> halves;
};

FeatureWriter::FeatureWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
FeatureWriter::FeatureWriter(FeatureWriter&&) noexcept = default;
FeatureWriter& FeatureWriter::operator=(FeatureWriter&&) noexcept = default;
FeatureWriter::~FeatureWriter() = default;

void FeatureWriter::write(std::int64_t first_image, std::int64_t count, const float* values) {
    const FeatureShape& shape = impl_->info.shape;
    if (first_image < 0 || count < 0 || first_image > shape.images - count) {
        throw std::logic_error("FeatureWriter::write: images outside the file");
    }
    const auto per_image = static_cast<std::size_t>(shape.values_per_image());
    const std::uint64_t image_bytes = impl_->layout.image_bytes(shape);
    impl_->halves.resize(per_image);
    for (std::int64_t i = 0; i < count; ++i) {
        const float* const image = values + static_cast<std::size_t>(i) * per_image;
        const auto index = static_cast<std::size_t>(first_image + i);
        const auto refused = floats_to_halves(image, per_image, impl_->halves.data());
        if (refused) {
            throw StorageError(
                "features of " + impl_->info.images[index].relative_path + " hold " +
                std::to_string(image[*refused]) + " at position " + std::to_string(*refused) +
                ", which float16 cannot store (finite values up to 65504 fit); this backbone "
                "needs float32 storage, which this version does not offer: check its weights and "
                "its input, or choose another backbone (backbone.name)");
        }
        write_at(impl_->file.descriptor(),
                 impl_->layout.features_offset + index * image_bytes,
                 impl_->halves.data(),
                 image_bytes,
                 impl_->file.target());
        impl_->written[index] = true;
    }
}

void FeatureWriter::publish() {
    const std::vector<bool>& written = impl_->written;
    if (std::find(written.begin(), written.end(), false) != written.end()) {
        throw std::logic_error("FeatureWriter::publish: an image was not written");
    }
    PendingFile& file = impl_->file;
    const FeatureLayout& layout = impl_->layout;
    const auto content_bytes =
        static_cast<std::size_t>(status_of(file.descriptor(), file.target()).st_size);
    const MappedRange map(file.descriptor(), 0, content_bytes, file.target());
    const std::string_view content = bytes_of_map(map);
    const std::vector<std::uint64_t> sums =
        block_checksums(content.data() + layout.features_offset, impl_->info.shape, layout);
    write_at(file.descriptor(),
             layout.checksums_offset,
             sums.data(),
             sums.size() * sizeof(std::uint64_t),
             file.target());
    const std::string seal = make_seal(content, {layout.features_offset, layout.features_bytes});
    write_at(file.descriptor(), content_bytes, seal.data(), seal.size(), file.target());
    std::error_code error;
    if (std::filesystem::exists(file.target(), error)) {
        file.discard();
    } else {
        file.publish();
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
    const std::filesystem::path path = file_of(key);
    const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file && errno == ENOENT) {
        throw StorageError("features " + key + " are not in the cache " + root_.string() +
                           "; give the same command again to extract them");
    }
    if (!file) {
        throw StorageError(io_error_text("open", path, errno));
    }
    const struct stat status = status_of(file.get(), path);
    const auto bytes = static_cast<std::size_t>(status.st_size);
    MappedRange map = bytes > 0 ? MappedRange(file.get(), 0, bytes, path) : MappedRange();
    const std::lock_guard<std::mutex> lock(mutex_);
    try {
        const PayloadRange payload = check_seal(bytes_of_map(map));
        FeatureFile content = read_feature_file(path_of(file.get()), key);
        const FeatureLayout& layout = content.layout;
        if (payload.offset != layout.features_offset || payload.bytes != layout.features_bytes) {
            throw StorageError("its features are not where its seal says");
        }
        if (verified_[key] != identity_of(status)) {
            const char* const features = bytes_of_map(map).data() + layout.features_offset;
            if (block_checksums(features, content.info.shape, layout) != content.checksums) {
                throw StorageError("its features do not match their checksums");
            }
            verified_[key] = identity_of(status);
        }
        return FeatureReader(std::move(content.info), std::move(map), layout.features_offset);
    } catch (const StorageError& reason) {
        const std::filesystem::path moved = quarantine(key, file.get());
        throw CorruptFeatureFile("feature file " + path.string() + " is damaged: " + reason.what() +
                                     "; " +
                                     (moved.empty() ? "it could not be moved away, delete it"
                                                    : "it was moved to " + moved.string()) +
                                     " and the features must be extracted again",
                                 key,
                                 moved);
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

FeatureWriter FeatureCache::create(const std::string& key, const FeatureInfo& info) const {
    require_valid(info);
    const std::filesystem::path path = file_of(key);
    storage::create_directories(path.parent_path());
    remove_stale_temporaries(path.parent_path());
    auto impl = std::make_unique<FeatureWriter::Impl>(FeatureWriter::Impl{
        key, info, {}, PendingFile(path), std::vector<bool>(info.images.size(), false), {}});
    const auto payload =
        static_cast<std::uint64_t>(info.shape.images * info.shape.values_per_image()) * 2;
    // HDF5 copes badly with a disk that fills up under it: make sure first, then let it write.
    reserve(impl->file, payload + description_bytes(info));
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        impl->layout = create_feature_file(impl->file.temporary(), key, info);
    }
    const auto content_bytes =
        static_cast<std::uint64_t>(status_of(impl->file.descriptor(), path).st_size);
    reserve(impl->file, content_bytes);
    return FeatureWriter(std::move(impl));
}

}  // namespace harrow::storage
