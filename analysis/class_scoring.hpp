#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "analysis/metrics.hpp"
#include "analysis/metrics/pixel_ranking.hpp"
#include "analysis/metrics/regions.hpp"
#include "analysis/score_map.hpp"
#include "analysis/scoring.hpp"
#include "storage/patch_scores.hpp"
#include "sweeps/trial_config.hpp"

namespace harrow::analysis {

enum Routing : std::size_t { Routed, Oracle, kNumRoutings };
/// Image, then pixel: AUROC, AP, F1max; AU-PRO.
constexpr std::size_t kNumCurveMetrics = 7;

using CurveValues = std::array<std::optional<double>, kNumCurveMetrics>;

struct ClassValues {
    int task = 0;
    /// By after_task; entries before the class's task are empty.
    std::vector<std::array<CurveValues, kNumRoutings>> curves;
    std::vector<std::optional<double>> routing_acc;
    std::vector<std::string> undefined;
    std::optional<std::string> invalid_scores;  ///< then nothing else is filled
};

/// Scores one class of a training under any number of configurations and keeps what they share:
/// masks and their regions, up-sampling matrices, ranked maps. Keeps references to what it is
/// given.
class ClassScorer {
public:
    /// `aupro_limits`: those of the configurations to come, so that maps are ranked once for all of
    /// them. Throws as score_training.
    ClassScorer(const storage::PatchScores& training,
                const storage::ClassScores& scores,
                const ClassTruth& truth,
                std::vector<double> aupro_limits);
    /// Throws std::out_of_range when its limit was not announced.
    ClassValues score(const sweeps::ScoreConfig& config);
    /// Scores of the images that are not defective; as they are, whatever is not finite.
    std::vector<double> normal_image_scores(std::size_t after_task,
                                            Routing routing,
                                            const sweeps::ScoreConfig& config) const;

private:
    struct Mask {
        std::vector<std::uint8_t> pixels;  ///< [size, size]
        Regions regions;
    };
    using MapIndices = std::vector<std::int32_t>;  ///< [images]
    using PixelKey = std::tuple<MapIndices, int, double, bool>;

    MapIndices map_indices(std::size_t after_task, Routing routing) const;
    const float* patches(std::int32_t map) const;
    void check_shapes() const;
    void find_non_finite();
    std::vector<float> image_scores(const MapIndices& maps,
                                    const sweeps::ScoreConfig& config) const;
    CurveMetrics rank_images(const MapIndices& maps, const sweeps::ScoreConfig& config) const;
    const PixelMetrics& rank_pixels(const MapIndices& maps, const sweeps::ScoreConfig& config);
    const std::optional<double>& aupro(const PixelMetrics& pixels, double limit) const;
    const Mask& mask(std::size_t image, int size);
    std::optional<double> routing_accuracy(std::size_t after_task) const;

    const storage::PatchScores& training_;
    const storage::ClassScores& scores_;
    const ClassTruth& truth_;
    std::vector<double> aupro_limits_;
    std::optional<std::string> non_finite_;  ///< what is NaN or infinite in the maps in use
    std::map<std::pair<int, double>, ScoreMapper> mappers_;
    std::map<std::pair<int, std::size_t>, Mask> masks_;
    std::map<PixelKey, PixelMetrics> ranked_pixels_;
};

}  // namespace harrow::analysis
