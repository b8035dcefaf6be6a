#include "analysis/normal_scores.hpp"

#include <cmath>
#include <vector>

namespace harrow::analysis {
namespace {

/// Of scores that come in parts; two passes over each part, parts joined as Chan, Golub and LeVeque
/// (1979) have it, so that nothing cancels.
class LevelSum {
public:
    template <typename Score>
    void add(const std::vector<Score>& part) {
        if (part.empty()) {
            return;
        }
        const auto size = static_cast<double>(part.size());
        double sum = 0, squares = 0;
        for (const Score score : part) {
            sum += score;
        }
        const double mean = sum / size;
        for (const Score score : part) {
            squares += (score - mean) * (score - mean);
        }
        const double all = count_ + size, step = mean - mean_;
        squares_ += squares + step * step * count_ * size / all;
        mean_ += step * size / all;
        count_ = all;
    }
    ScoreLevel level() const { return {mean_, std::sqrt(squares_ / count_)}; }

private:
    double count_ = 0, mean_ = 0, squares_ = 0;
};

}  // namespace

std::optional<std::string> NormalScores::invalid_scores(const sweeps::ScoreConfig& config) const {
    return config.nan_compat ? std::nullopt : maps_.non_finite();
}

std::optional<ScoreLevel> NormalScores::images(std::size_t after_task,
                                               Routing routing,
                                               const sweeps::ScoreConfig& config) const {
    const std::vector<double> scores =
        maps_.image_scores(maps_.indices(after_task, routing), config);
    if (scores.empty()) {
        return std::nullopt;
    }
    LevelSum sum;
    sum.add(scores);
    return sum.level();
}

std::optional<ScoreLevel> NormalScores::pixels(std::size_t after_task,
                                               Routing routing,
                                               const sweeps::ScoreConfig& config) {
    const MapIndices maps = maps_.indices(after_task, routing);
    if (maps.empty() || !maps_.has_pixels()) {
        return std::nullopt;
    }
    const auto [entry, is_new] = levels_.try_emplace(
        PixelKey{maps, config.map_size, config.smoothing_sigma, config.nan_compat});
    if (is_new) {
        LevelSum sum;
        maps_.render(
            maps, config, [&](std::size_t, const std::vector<float>& map) { sum.add(map); });
        entry->second = sum.level();
    }
    return entry->second;
}

}  // namespace harrow::analysis
