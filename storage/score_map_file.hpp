#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "storage/hdf5.hpp"

namespace harrow::storage {

/// Some images of a score-map file, one behind the other; row-major.
struct ScoreMapBlock {
    std::size_t first = 0, images = 0;
    const float* scores = nullptr;        ///< [images, height, width], all finite
    const std::uint8_t* masks = nullptr;  ///< the same; non-zero is defect
};

/// Score maps of one class made elsewhere, in an HDF5 file: `scores` [N, H, W] float32, `masks`
/// [N, H, W] uint8 (or bool), optional `image_scores` [N] float32 and `labels` [N] uint8 (or bool).
/// Larger scores are more anomalous. Layout: docs/file-formats.md.
class ScoreMapFile {
public:
    /// Reads all but the maps. Throws UsageError naming file and dataset for one that is missing,
    /// of another type or shape, kept in other files, or not finite; StorageError when the file
    /// cannot be read.
    explicit ScoreMapFile(const std::filesystem::path& path);

    std::size_t images() const noexcept { return images_; }
    int height() const noexcept { return height_; }
    int width() const noexcept { return width_; }
    std::size_t pixels() const noexcept;
    /// Absent where the file has none.
    const std::optional<std::vector<float>>& image_scores() const noexcept { return image_scores_; }
    const std::optional<std::vector<std::uint8_t>>& labels() const noexcept { return labels_; }

    /// All maps in order, in blocks of about 32 MiB. Throws UsageError naming image, row and column
    /// of a score that is NaN or infinite, else as the constructor.
    void visit(const std::function<void(const ScoreMapBlock&)>& visit) const;

private:
    [[noreturn]] void refuse(const std::string& message) const;
    void require_type(const H5Dataset& dataset, const std::string& name, bool is_float) const;
    /// Whether the file has it; refuses links, which may lead to other files.
    bool has(const std::string& name) const;
    H5Dataset open_maps(const std::string& name, bool is_float);
    template <typename Value>
    std::optional<std::vector<Value>> read_per_image(const std::string& name) const;
    void require_finite(const float* scores, std::size_t count, std::size_t first_image) const;

    std::filesystem::path path_;
    H5File file_;
    H5Dataset scores_, masks_;
    std::size_t images_ = 0;
    int height_ = 0, width_ = 0;
    std::optional<std::vector<float>> image_scores_;
    std::optional<std::vector<std::uint8_t>> labels_;
};

}  // namespace harrow::storage
