#pragma once

#include <cstddef>
#include <vector>

namespace harrow::analysis {

/// Patch scores [height, width] -> pixel map [size, size]: bilinear up-sampling with align_corners,
/// then a Gaussian as scipy.ndimage.gaussian_filter (truncate 4, radius int(4 sigma + 0.5), mode
/// "reflect" = d c b a | a b c d | d c b a). sigma 0: no smoothing. Both steps are linear and
/// separable, so each axis is one banded matrix, built once. Not thread-safe: owns scratch memory.
class ScoreMapper {
public:
    /// Throws std::invalid_argument unless height, width and size are positive and sigma >= 0.
    ScoreMapper(int height, int width, int size, double sigma);

    int size() const { return size_; }
    /// patches [height, width] -> map [size, size], row-major. Allocates nothing.
    void render(const float* patches, float* map);

private:
    /// Row r of a [size, cells] matrix: `count` weights from column `first` on.
    struct Band {
        std::size_t first = 0, count = 0, offset = 0;
    };
    struct Axis {
        std::vector<Band> bands;
        std::vector<double> weights;
    };
    static Axis make_axis(int cells, int size, double sigma);

    int height_, width_, size_;
    Axis rows_, columns_;
    std::vector<double> widened_;  ///< [height, size]
    std::vector<double> line_;     ///< [size]
};

/// Normalised weights of offsets -radius .. radius. sigma 0: {1}.
std::vector<double> gaussian_weights(double sigma);

}  // namespace harrow::analysis
