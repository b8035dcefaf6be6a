#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <tuple>

#include "analysis/class_maps.hpp"

namespace harrow::analysis {

/// Mean and standard deviation (population, over n) of scores of normal images.
struct ScoreLevel {
    double mean = 0, deviation = 0;

    /// MVTec AD 2's rule (deviations 3): what is not below it is called defective.
    double threshold(double deviations) const { return mean + deviations * deviation; }
};

/// The images of a class's split `validation`: all are normal, none was trained on. Keeps what it
/// is given.
class NormalScores {
public:
    explicit NormalScores(ClassMaps maps) : maps_(std::move(maps)) {}

    const ClassMaps& maps() const { return maps_; }
    /// What keeps the scores from being used under this configuration; absent: nothing.
    std::optional<std::string> invalid_scores(const sweeps::ScoreConfig& config) const;
    /// Of the images' scores; absent without images.
    std::optional<ScoreLevel> images(std::size_t after_task,
                                     Routing routing,
                                     const sweeps::ScoreConfig& config) const;
    /// Of all pixels of the rendered maps; absent without images or maps. Identical maps are
    /// rendered once.
    std::optional<ScoreLevel> pixels(std::size_t after_task,
                                     Routing routing,
                                     const sweeps::ScoreConfig& config);

private:
    using PixelKey = std::tuple<MapIndices, int, double, bool>;

    ClassMaps maps_;
    std::map<PixelKey, ScoreLevel> levels_;
};

}  // namespace harrow::analysis
