#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace harrow::storage {

/// What one class's test images were given by the trained model.
/// M: maps, or image scores; N = images; H, W: patches; T = PatchScores::num_tasks.
struct ClassScores {
    std::string class_name;
    int task = 0;  ///< the task that brings the class, in [0, T)
    std::int64_t images = 0;
    std::int64_t height = 0;
    std::int64_t width = 0;
    std::vector<float> maps;  ///< [M, H, W] patch scores, larger = more anomalous; as computed
    /// [M], of methods that score whole images; empty: an image's score is made of its map. With
    /// them H and W may be 0: there are no maps.
    std::vector<double> image_scores;
    /// [T, N], row = after_task: index into maps, or -1 while the class is not seen yet.
    std::vector<std::int32_t> routed_map, oracle_map;
    std::vector<std::int32_t> routed_task;   ///< [T, N]: expert the router chose, -1 as above
    std::vector<double> distances;           ///< [N, T] router distances; NaN where there is none
    std::vector<std::string> image_paths;    ///< [N] relative to the dataset's root
    std::vector<std::string> image_digests;  ///< [N]

    std::int64_t num_maps() const noexcept {
        if (!image_scores.empty()) {
            return static_cast<std::int64_t>(image_scores.size());
        }
        const std::int64_t patches = height * width;
        return patches > 0 ? static_cast<std::int64_t>(maps.size()) / patches : 0;
    }
};

/// The durable product of a training: all that scoring needs, under any scoring parameters.
struct PatchScores {
    std::string training_key;
    int num_tasks = 0;
    bool has_router = false;
    std::vector<ClassScores> classes;  ///< in sequence order
    /// Empty, or of each class its training images that were held out; where anomalies are pasted
    /// these images once more with them, in the same order.
    std::vector<ClassScores> validation = {};
    /// Empty, or of each class the normal images of its split `validation`.
    std::vector<ClassScores> validation_split = {};
};

/// Checks shapes and index ranges, writes one HDF5 file and publishes it in one step.
/// Throws StorageError; then nothing is left behind. The directory must exist.
void save_patch_scores(const std::filesystem::path& path, const PatchScores& scores);

/// Throws StorageError when the file is missing, truncated, altered, of another version, or when a
/// shape or an index does not fit; what it returns is safe to index.
PatchScores load_patch_scores(const std::filesystem::path& path);

}  // namespace harrow::storage
