#include <algorithm>
#include <cerrno>
#include <cmath>
#include <optional>
#include <stdexcept>

#include <fcntl.h>
#include <sys/stat.h>

#include "storage/feature_cache.hpp"
#include "storage/feature_file.hpp"
#include "storage/file_seal.hpp"
#include "storage/half.hpp"

namespace harrow::storage {

namespace {

using sweeps::StorageError;

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
    return (64U << 10) + info.images.size() * (widest + 64) + info.canonical_text.size() +
           info.made.size();
}

/// Makes the temporary file. Its directory may go just before: `gc` removes empty ones.
PendingFile begin_file(const std::filesystem::path& path) {
    storage::create_directories(path.parent_path());
    try {
        return PendingFile(path);
    } catch (const StorageError&) {
        storage::create_directories(path.parent_path());
        return PendingFile(path);
    }
}

std::uint64_t size_of(const PendingFile& file) {
    struct stat status {};
    if (::fstat(file.descriptor(), &status) != 0) {
        throw StorageError(io_error_text("inspect", file.target(), errno));
    }
    return static_cast<std::uint64_t>(status.st_size);
}

/// Index of the first value that is not finite.
std::optional<std::size_t> first_not_finite(const float* values, std::size_t count) {
    const float* const end = values + count;
    const float* const found =
        std::find_if(values, end, [](float value) { return !std::isfinite(value); });
    return found == end ? std::nullopt : std::optional<std::size_t>(found - values);
}

[[noreturn]] void refuse(const std::string& image, std::size_t position, float value) {
    const std::string what = "features of " + image + " hold " + std::to_string(value) +
                             " at position " + std::to_string(position) + ", which ";
    if (!std::isfinite(value)) {
        throw sweeps::DataError(what +
                                "no backbone should compute: check its weights and the image");
    }
    throw sweeps::DataError(what +
                            "float16 cannot store (values up to 65504 fit); store this backbone's "
                            "features as float32: backbone.feature_dtype=float32");
}

}  // namespace

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
    const std::uint64_t image_bytes = impl_->info.image_bytes();
    for (std::int64_t i = 0; i < count; ++i) {
        const float* const image = values + static_cast<std::size_t>(i) * per_image;
        const auto index = static_cast<std::size_t>(first_image + i);
        std::optional<std::size_t> refused;
        const void* stored = image;
        if (impl_->info.type == FeatureType::Float16) {
            impl_->halves.resize(per_image);
            refused = floats_to_halves(image, per_image, impl_->halves.data());
            stored = impl_->halves.data();
        } else {
            refused = first_not_finite(image, per_image);
        }
        if (refused) {
            refuse(impl_->info.images[index].relative_path, *refused, image[*refused]);
        }
        write_at(impl_->file.descriptor(),
                 impl_->layout.features_offset + index * image_bytes,
                 stored,
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
    const std::uint64_t content_bytes = size_of(file);
    const std::vector<std::uint64_t> sums =
        block_checksums(file.descriptor(), impl_->info, layout, file.target());
    write_at(file.descriptor(),
             layout.checksums_offset,
             sums.data(),
             sums.size() * sizeof(std::uint64_t),
             file.target());
    const std::string seal = make_seal(file.descriptor(),
                                       content_bytes,
                                       {layout.features_offset, layout.features_bytes},
                                       file.target());
    write_at(file.descriptor(), content_bytes, seal.data(), seal.size(), file.target());
    std::error_code error;
    if (std::filesystem::exists(file.target(), error)) {
        file.discard();
    } else {
        file.publish();
    }
}

FeatureWriter FeatureCache::create(const std::string& key, const FeatureInfo& info) const {
    require_valid(info);
    const std::filesystem::path path = file_of(key);
    remove_stale_temporaries(path.parent_path());
    auto impl = std::make_unique<FeatureWriter::Impl>(FeatureWriter::Impl{
        key, info, {}, begin_file(path), std::vector<bool>(info.images.size(), false), {}});
    // HDF5 copes badly with a disk that fills up under it: make sure first, then let it write.
    reserve(impl->file, info.features_bytes() + description_bytes(info));
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        impl->layout = create_feature_file(impl->file.temporary(), key, info);
    }
    reserve(impl->file, size_of(impl->file));
    return FeatureWriter(std::move(impl));
}

}  // namespace harrow::storage
