#include "storage/feature_file.hpp"

#include <algorithm>
#include <array>

#include <hdf5.h>

#include "storage/file_seal.hpp"
#include "storage/files.hpp"
#include "storage/hdf5.hpp"
#include "storage/mapped_file.hpp"
#include "sweeps/error.hpp"
#include "sweeps/hashing.hpp"

namespace harrow::storage {

namespace {

using sweeps::StorageError;

constexpr std::int64_t kHalfVersion = 1;    // float16 only; still written for float16
constexpr std::int64_t kNewestVersion = 2;  // float32 as well
constexpr std::uint64_t kPageBytes = 4096;
constexpr std::uint64_t kBlockBytes = 4U << 20;  // a checksum covers about this much
constexpr std::int64_t kMaxValues = 1LL << 38;   // 2^40 bytes of float32

/// IEEE 754 binary16, little endian; HDF5 1.10 has no predefined type for it.
H5Datatype half_type() {
    H5Datatype type(check_hdf5(H5Tcopy(H5T_IEEE_F32LE), "make a float16 type"));
    check_hdf5(H5Tset_fields(type.get(), 15, 10, 5, 0, 10), "make a float16 type");
    check_hdf5(H5Tset_size(type.get(), 2), "make a float16 type");
    check_hdf5(H5Tset_ebias(type.get(), 15), "make a float16 type");
    return type;
}

std::array<hsize_t, 4> sizes_of(const FeatureShape& shape) {
    return {static_cast<hsize_t>(shape.images),
            static_cast<hsize_t>(shape.height),
            static_cast<hsize_t>(shape.width),
            static_cast<hsize_t>(shape.channels)};
}

H5Datatype stored_type(FeatureType type) {
    return type == FeatureType::Float16
               ? half_type()
               : H5Datatype(check_hdf5(H5Tcopy(H5T_IEEE_F32LE), "make a float32 type"));
}

void require_valid_shape(const FeatureShape& shape) {
    std::int64_t values = 1;
    for (const std::int64_t size : {shape.images, shape.height, shape.width, shape.channels}) {
        if (size <= 0 || size > kMaxValues / values) {
            throw StorageError("features of shape [" + std::to_string(shape.images) + ", " +
                               std::to_string(shape.height) + ", " + std::to_string(shape.width) +
                               ", " + std::to_string(shape.channels) +
                               "] cannot be stored: sizes must be positive, the file below 1 TiB");
        }
        values *= size;
    }
}

/// Contiguous, allocated when created, not filled with zeros.
H5Dataset create_allocated(Hdf5Id file, const char* name, Hdf5Id type, const H5Space& space) {
    const H5PropertyList creation(
        check_hdf5(H5Pcreate(H5P_DATASET_CREATE), "make dataset properties"));
    check_hdf5(H5Pset_layout(creation.get(), H5D_CONTIGUOUS), "make dataset properties");
    check_hdf5(H5Pset_alloc_time(creation.get(), H5D_ALLOC_TIME_EARLY), "make dataset properties");
    check_hdf5(H5Pset_obj_track_times(creation.get(), false), "make dataset properties");
    check_hdf5(H5Pset_fill_time(creation.get(), H5D_FILL_TIME_NEVER), "make dataset properties");
    return H5Dataset(check_hdf5(
        H5Dcreate2(file, name, type, space.get(), H5P_DEFAULT, creation.get(), H5P_DEFAULT),
        std::string("create dataset ") + name));
}

std::uint64_t offset_of(const H5Dataset& dataset, const std::string& name) {
    const haddr_t offset = H5Dget_offset(dataset.get());
    if (offset == HADDR_UNDEF) {
        throw StorageError("dataset " + name + " is not contiguous");
    }
    return offset;
}

H5File create_aligned(const std::filesystem::path& path, std::uint64_t threshold) {
    const H5PropertyList access(check_hdf5(H5Pcreate(H5P_FILE_ACCESS), "make file properties"));
    check_hdf5(H5Pset_alignment(access.get(), threshold, kPageBytes), "align a file");
#if H5_VERSION_GE(1, 10, 7)
    check_hdf5(H5Pset_file_locking(access.get(), 0, 1), "turn off file locking");
#endif
    return H5File(check_hdf5(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access.get()),
                             "create " + path.string()));
}

void write_description(const H5File& file, const std::string& key, const FeatureInfo& info) {
    write_attribute(file.get(),
                    "format_version",
                    info.type == FeatureType::Float16 ? kHalfVersion : kNewestVersion);
    write_attribute(file.get(), "feature_key", key);
    write_attribute(file.get(), "canonical_text", info.canonical_text);
    write_attribute(file.get(), "weights_digest", info.weights_digest);
    if (!info.made.empty()) {
        write_attribute(file.get(), "made", info.made);
    }
    std::vector<std::string> paths;
    std::vector<std::string> digests;
    for (const FeatureSource& image : info.images) {
        paths.push_back(image.relative_path);
        digests.push_back(image.digest);
    }
    const H5Group images = create_group(file.get(), "images");
    write_strings(images.get(), "paths", paths);
    write_strings(images.get(), "digests", digests);
}

FeatureShape read_shape(const H5Dataset& features) {
    const H5Space space(check_hdf5(H5Dget_space(features.get()), "inspect dataset features"));
    std::array<hsize_t, 4> sizes{};
    if (H5Sget_simple_extent_ndims(space.get()) != 4 ||
        H5Sget_simple_extent_dims(space.get(), sizes.data(), nullptr) != 4) {
        throw DamagedFile("dataset features does not have the four dimensions [N, H, W, D]");
    }
    FeatureShape shape;
    shape.images = static_cast<std::int64_t>(sizes[0]);
    shape.height = static_cast<std::int64_t>(sizes[1]);
    shape.width = static_cast<std::int64_t>(sizes[2]);
    shape.channels = static_cast<std::int64_t>(sizes[3]);
    try {
        require_valid_shape(shape);
    } catch (const StorageError& reason) {
        throw DamagedFile(reason.what());
    }
    return shape;
}

FeatureType read_type(const H5Dataset& features, std::int64_t version) {
    const H5Datatype stored(check_hdf5(H5Dget_type(features.get()), "inspect dataset features"));
    for (const FeatureType type : {FeatureType::Float16, FeatureType::Float32}) {
        if (type == FeatureType::Float32 && version == kHalfVersion) {
            break;
        }
        const H5Datatype expected = stored_type(type);
        if (check_hdf5(H5Tequal(stored.get(), expected.get()), "compare types") > 0) {
            return type;
        }
    }
    throw DamagedFile("dataset features is of a type that version " + std::to_string(version) +
                      " does not have");
}

/// Returns the version.
std::int64_t require_identity(const H5File& file, const std::string& key) {
    const std::int64_t version = read_int_attribute(file.get(), "format_version");
    if (version > kNewestVersion) {
        throw NewerFormat("its format version is " + std::to_string(version) +
                          ", this Harrow reads versions up to " + std::to_string(kNewestVersion));
    }
    if (version < kHalfVersion) {
        throw DamagedFile("its format version is " + std::to_string(version));
    }
    const std::string stored = read_text_attribute(file.get(), "feature_key");
    if (stored != key) {
        throw DamagedFile("it holds the features " + stored);
    }
    return version;
}

FeatureInfo read_info(const H5File& file, const H5Dataset& features, std::int64_t version) {
    FeatureInfo info;
    info.type = read_type(features, version);
    info.shape = read_shape(features);
    info.canonical_text = read_text_attribute(file.get(), "canonical_text");
    info.weights_digest = read_text_attribute(file.get(), "weights_digest");
    if (has_attribute(file.get(), "made")) {
        info.made = read_text_attribute(file.get(), "made");
    }
    const std::uint64_t images = static_cast<std::uint64_t>(info.shape.images);
    const std::vector<std::string> paths = read_strings(file.get(), "images/paths", images);
    const std::vector<std::string> digests = read_strings(file.get(), "images/digests", images);
    for (std::size_t i = 0; i < paths.size(); ++i) {
        info.images.push_back({paths[i], digests[i]});
    }
    return info;
}

}  // namespace

void require_valid(const FeatureInfo& info) {
    require_valid_shape(info.shape);
    if (static_cast<std::int64_t>(info.images.size()) != info.shape.images) {
        throw StorageError("features of " + std::to_string(info.shape.images) +
                           " images cannot be stored with a list of " +
                           std::to_string(info.images.size()) + " images");
    }
}

FeatureLayout create_feature_file(const std::filesystem::path& path,
                                  const std::string& key,
                                  const FeatureInfo& info) {
    const QuietHdf5 quiet;
    FeatureLayout layout;
    layout.features_bytes = info.features_bytes();
    layout.block_images =
        static_cast<std::int64_t>(std::max<std::uint64_t>(1, kBlockBytes / info.image_bytes()));

    const H5File file = create_aligned(path, layout.features_bytes);
    write_description(file, key, info);
    const hsize_t num_blocks = static_cast<hsize_t>(layout.num_blocks(info.shape));
    const H5Space blocks(check_hdf5(H5Screate_simple(1, &num_blocks, nullptr), "make a space"));
    const H5Dataset checksums = create_allocated(file.get(), "checksums", H5T_STD_U64LE, blocks);
    write_attribute(checksums.get(), "block_images", layout.block_images);
    layout.checksums_offset = offset_of(checksums, "checksums");

    const std::array<hsize_t, 4> sizes = sizes_of(info.shape);
    const H5Space space(check_hdf5(H5Screate_simple(4, sizes.data(), nullptr), "make a space"));
    const H5Datatype type = stored_type(info.type);
    const H5Dataset features = create_allocated(file.get(), "features", type.get(), space);
    layout.features_offset = offset_of(features, "features");
    check_hdf5(H5Fflush(file.get(), H5F_SCOPE_GLOBAL), "write " + path.string());
    return layout;
}

FeatureFile read_feature_file(int descriptor,
                              std::uint64_t bytes,
                              const std::string& key,
                              const std::filesystem::path& path) {
    const PayloadRange payload = check_seal(descriptor, bytes, path);
    const QuietHdf5 quiet;
    // Through the descriptor: HDF5 by itself would open the file anew, which counts as its use.
    const MappedRange image(descriptor, 0, bytes, path);
    const H5File file = open_hdf5_view(image.data(), bytes, path.string());
    const std::int64_t version = require_identity(file, key);
    const H5Dataset features(
        check_hdf5(H5Dopen2(file.get(), "features", H5P_DEFAULT), "open dataset features"));
    FeatureFile content;
    content.info = read_info(file, features, version);

    FeatureLayout& layout = content.layout;
    layout.features_bytes = content.info.features_bytes();
    layout.features_offset = offset_of(features, "features");
    const H5Dataset checksums(
        check_hdf5(H5Dopen2(file.get(), "checksums", H5P_DEFAULT), "open dataset checksums"));
    layout.checksums_offset = offset_of(checksums, "checksums");
    layout.block_images = read_int_attribute(checksums.get(), "block_images");
    if (layout.block_images < 1 || layout.features_offset % kPageBytes != 0) {
        throw DamagedFile("its features are not laid out in aligned blocks of images");
    }
    if (payload.offset != layout.features_offset || payload.bytes != layout.features_bytes) {
        throw DamagedFile("its features are not where its seal says");
    }
    content.checksums = read_array<std::uint64_t>(
        file.get(),
        "checksums",
        {static_cast<std::uint64_t>(layout.num_blocks(content.info.shape))});
    return content;
}

std::vector<std::uint64_t> block_checksums(int descriptor,
                                           const FeatureInfo& info,
                                           const FeatureLayout& layout,
                                           const std::filesystem::path& path) {
    const std::uint64_t image_bytes = info.image_bytes();
    std::vector<unsigned char> block;
    std::vector<std::uint64_t> sums;
    for (std::int64_t first = 0; first < info.shape.images; first += layout.block_images) {
        const std::int64_t count = std::min(layout.block_images, info.shape.images - first);
        block.resize(static_cast<std::uint64_t>(count) * image_bytes);
        const std::uint64_t offset =
            layout.features_offset + static_cast<std::uint64_t>(first) * image_bytes;
        read_at(descriptor, offset, block.data(), block.size(), path);
        sums.push_back(sweeps::checksum64(block.data(), block.size()));
    }
    return sums;
}

}  // namespace harrow::storage
