#include "storage/datasets/dataset.hpp"
#include "storage/datasets/digest_memory.hpp"

namespace harrow::storage {
namespace {

// No path and no digest holds a zero byte, so fields cannot run into each other.
constexpr std::string_view kFieldEnd("\0", 1);

}  // namespace

sweeps::Digest images_digest(const Dataset& dataset,
                             const std::vector<ImageEntry>& images,
                             std::vector<sweeps::Digest>* per_image,
                             DigestMemory* memory) {
    sweeps::Hasher hasher;
    for (const ImageEntry& image : images) {
        const sweeps::Digest content = file_digest(dataset.root / image.relative_path, memory);
        hasher.update(path_in_split(dataset.layout, image.relative_path))
            .update(kFieldEnd)
            .update(content);
        if (per_image != nullptr) {
            per_image->push_back(content);
        }
    }
    return hasher.digest();
}

sweeps::Digest labels_digest(const Dataset& dataset,
                             const std::vector<ImageEntry>& images,
                             DigestMemory* memory) {
    sweeps::Hasher hasher;
    for (const ImageEntry& image : images) {
        hasher.update(path_in_split(dataset.layout, image.relative_path)).update(kFieldEnd);
        hasher.update(image.defective ? "defective" : "normal").update(kFieldEnd);
        if (!image.mask_path.empty()) {
            hasher.update(path_in_split(dataset.layout, image.mask_path)).update(kFieldEnd);
            hasher.update(file_digest(dataset.root / image.mask_path, memory));
        }
        hasher.update(kFieldEnd);
    }
    return hasher.digest();
}

}  // namespace harrow::storage
