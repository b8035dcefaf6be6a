#include <cerrno>
#include <cstring>
#include <fstream>

#include "storage/datasets/dataset.hpp"
#include "sweeps/error.hpp"

namespace harrow::storage {
namespace {

constexpr std::size_t kBufferBytes = std::size_t{1} << 20;
// No path and no digest holds a zero byte, so fields cannot run into each other.
constexpr std::string_view kFieldEnd("\0", 1);

/// Digest of a file's bytes; `buffer` is working space.
sweeps::Digest file_digest(const std::filesystem::path& path, std::vector<char>& buffer) {
    errno = 0;
    std::ifstream file;
    file.rdbuf()->pubsetbuf(nullptr, 0);  // we bring our own buffer
    file.open(path, std::ios::binary);
    sweeps::Hasher hasher;
    while (file) {
        file.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
        hasher.update({buffer.data(), static_cast<std::size_t>(file.gcount())});
    }
    if (!file.eof()) {
        throw sweeps::DataError("file " + path.string() + " cannot be read (" +
                                std::strerror(errno) + "); check that it exists and may be read");
    }
    return hasher.digest();
}

}  // namespace

sweeps::Digest images_digest(const Dataset& dataset,
                             const std::vector<ImageEntry>& images,
                             std::vector<sweeps::Digest>* per_image) {
    std::vector<char> buffer(kBufferBytes);
    sweeps::Hasher hasher;
    for (const ImageEntry& image : images) {
        const sweeps::Digest content = file_digest(dataset.root / image.relative_path, buffer);
        hasher.update(path_in_split(dataset.layout, image.relative_path))
            .update(kFieldEnd)
            .update(content);
        if (per_image != nullptr) {
            per_image->push_back(content);
        }
    }
    return hasher.digest();
}

sweeps::Digest labels_digest(const Dataset& dataset, const std::vector<ImageEntry>& images) {
    std::vector<char> buffer(kBufferBytes);
    sweeps::Hasher hasher;
    for (const ImageEntry& image : images) {
        hasher.update(path_in_split(dataset.layout, image.relative_path)).update(kFieldEnd);
        hasher.update(image.defective ? "defective" : "normal").update(kFieldEnd);
        if (!image.mask_path.empty()) {
            hasher.update(path_in_split(dataset.layout, image.mask_path)).update(kFieldEnd);
            hasher.update(file_digest(dataset.root / image.mask_path, buffer));
        }
        hasher.update(kFieldEnd);
    }
    return hasher.digest();
}

}  // namespace harrow::storage
