#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "analysis/score_map.hpp"
#include "analysis/scoring.hpp"
#include "storage/patch_scores.hpp"
#include "sweeps/trial_config.hpp"

namespace harrow::analysis {

enum Routing : std::size_t { Routed, Oracle, kNumRoutings };

/// Index of the map (or image score) that each image has; [images].
using MapIndices = std::vector<std::int32_t>;

/// What a training gave the images of one class, checked against its own shapes and the data.
/// Keeps references to what it is given.
class ClassMaps {
public:
    /// Throws as score_training.
    ClassMaps(const storage::PatchScores& training,
              const storage::ClassScores& scores,
              const ClassTruth& truth);

    const storage::ClassScores& scores() const { return scores_; }
    int num_tasks() const { return training_.num_tasks; }
    /// False where the method scores images alone.
    bool has_pixels() const { return scores_.height > 0; }
    /// What is NaN or infinite in what is in use, after which task; absent: nothing.
    const std::optional<std::string>& non_finite() const { return non_finite_; }

    MapIndices indices(std::size_t after_task, Routing routing) const;
    /// Absent without a router or images.
    std::optional<double> routing_accuracy(std::size_t after_task) const;
    /// The method's own, else aggregated as the configuration says; [images].
    std::vector<double> image_scores(const MapIndices& maps,
                                     const sweeps::ScoreConfig& config) const;
    /// Calls visit(image, map [map_size, map_size]) for every image, in order. Keeps up-sampling
    /// matrices. Wants has_pixels().
    void render(const MapIndices& maps,
                const sweeps::ScoreConfig& config,
                const std::function<void(std::size_t image, const std::vector<float>& map)>& visit);

private:
    const float* patches(std::int32_t map) const;
    bool fits_shapes() const;
    void check_shapes() const;
    void find_non_finite();

    const storage::PatchScores& training_;
    const storage::ClassScores& scores_;
    const ClassTruth& truth_;
    std::optional<std::string> non_finite_;
    std::map<std::pair<int, double>, ScoreMapper> mappers_;
};

}  // namespace harrow::analysis
