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

#include "analysis/class_maps.hpp"
#include "analysis/metrics.hpp"
#include "analysis/metrics/pixel_ranking.hpp"
#include "analysis/metrics/regions.hpp"
#include "analysis/normal_scores.hpp"
#include "analysis/scoring.hpp"
#include "storage/patch_scores.hpp"
#include "sweeps/trial_config.hpp"

namespace harrow::analysis {

/// Image, then pixel: AUROC, AP, F1max; AU-PRO.
constexpr std::size_t kNumCurveMetrics = 7;
/// Behind them, of test images alone; in the order of sweeps::test_metric_names().
enum TestMetric : std::size_t {
    SegF1Local = kNumCurveMetrics,
    ClassF1Local,
    AucproCompat,
    kNumTestMetrics
};

using TestValues = std::array<std::optional<double>, kNumTestMetrics>;

struct ClassValues {
    int task = 0;
    /// By after_task; entries before the class's task are empty.
    std::vector<std::array<TestValues, kNumRoutings>> values;
    std::vector<std::optional<double>> routing_acc;
    std::vector<std::string> undefined;         ///< each reason once
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
    /// The metrics of curves. Throws std::out_of_range when its limit was not announced.
    ClassValues score(const sweeps::ScoreConfig& config);
    /// Adds segf1_local and classf1_local: F1 of what is not below the threshold that `normal`, as
    /// routed at the same stage, gives.
    void add_local_f1(const sweeps::ScoreConfig& config, NormalScores& normal, ClassValues& values);
    /// Adds aucpro_compat, of the maps as rendered.
    void add_aucpro(const sweeps::ScoreConfig& config, ClassValues& values);
    /// Scores of the images that are not defective; as they are, whatever is not finite.
    std::vector<double> normal_image_scores(std::size_t after_task,
                                            Routing routing,
                                            const sweeps::ScoreConfig& config) const;

private:
    struct Mask {
        std::vector<std::uint8_t> pixels;  ///< [size, size]
        Regions regions;
    };
    using PixelKey = std::tuple<MapIndices, int, double, bool>;
    using AucproKey = std::tuple<PixelKey, int, bool, int>;

    static PixelKey pixel_key(const MapIndices& maps, const sweeps::ScoreConfig& config);
    CurveMetrics rank_images(const MapIndices& maps, const sweeps::ScoreConfig& config) const;
    const PixelMetrics& rank_pixels(const MapIndices& maps, const sweeps::ScoreConfig& config);
    bool add_curves(std::size_t after_task,
                    Routing routing,
                    const CurveMetrics& images,
                    const sweeps::ScoreConfig& config,
                    ClassValues& result);
    std::optional<double> segf1(const MapIndices& maps,
                                const sweeps::ScoreConfig& config,
                                double threshold);
    std::optional<double> classf1(const MapIndices& maps,
                                  const sweeps::ScoreConfig& config,
                                  double threshold) const;
    std::optional<double> aucpro(const MapIndices& maps, const sweeps::ScoreConfig& config);
    const std::optional<double>& aupro(const PixelMetrics& pixels, double limit) const;
    const Mask& mask(std::size_t image, int size);
    void count_image() const;

    const ClassTruth& truth_;
    ClassMaps maps_;
    std::vector<double> aupro_limits_;
    std::map<std::pair<int, std::size_t>, Mask> masks_;
    std::map<PixelKey, PixelMetrics> ranked_pixels_;
    std::map<std::pair<PixelKey, double>, std::optional<double>> segf1_;
    std::map<AucproKey, std::optional<double>> aucpro_;
};

}  // namespace harrow::analysis
