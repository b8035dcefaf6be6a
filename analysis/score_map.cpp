#include "analysis/score_map.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace harrow::analysis {
namespace {

// Row r of the align_corners up-sampling matrix: position r (cells - 1) / (size - 1).
std::vector<double> upsampling_row(int r, int cells, int size) {
    std::vector<double> row(cells, 0.0);
    const double position =
        size > 1 ? static_cast<double>(r) * (cells - 1) / static_cast<double>(size - 1) : 0.0;
    const int left = std::min(static_cast<int>(position), cells - 1);
    const double weight = position - left;
    row[left] = 1 - weight;
    if (left + 1 < cells) {
        row[left + 1] = weight;
    }
    return row;
}

// scipy's "reflect": d c b a | a b c d | d c b a, repeated as far as needed.
int reflected(int index, int size) {
    const int period = 2 * size;
    const int wrapped = ((index % period) + period) % period;
    return wrapped < size ? wrapped : period - 1 - wrapped;
}

}  // namespace

std::vector<double> gaussian_weights(double sigma) {
    const int radius = static_cast<int>(4.0 * sigma + 0.5);
    std::vector<double> weights(2 * static_cast<std::size_t>(radius) + 1, 1.0);
    double sum = 0;
    for (int offset = -radius; offset <= radius; ++offset) {
        double& weight = weights[offset + radius];
        weight = offset == 0 ? 1.0 : std::exp(-0.5 * offset * offset / (sigma * sigma));
        sum += weight;
    }
    for (double& weight : weights) {
        weight /= sum;
    }
    return weights;
}

ScoreMapper::Axis ScoreMapper::make_axis(int cells, int size, double sigma) {
    const std::vector<double> gaussian = gaussian_weights(sigma);
    const int radius = static_cast<int>(gaussian.size() / 2);
    Axis axis;
    for (int r = 0; r < size; ++r) {
        std::vector<double> row(cells, 0.0);
        for (int offset = -radius; offset <= radius; ++offset) {
            const auto source = upsampling_row(reflected(r + offset, size), cells, size);
            for (int cell = 0; cell < cells; ++cell) {
                row[cell] += gaussian[offset + radius] * source[cell];
            }
        }
        const auto is_used = [](double weight) { return weight != 0; };
        const auto first = std::find_if(row.begin(), row.end(), is_used);
        const auto last = std::find_if(row.rbegin(), row.rend(), is_used).base();
        axis.bands.push_back({static_cast<std::size_t>(first - row.begin()),
                              static_cast<std::size_t>(last - first),
                              axis.weights.size()});
        axis.weights.insert(axis.weights.end(), first, last);
    }
    return axis;
}

ScoreMapper::ScoreMapper(int height, int width, int size, double sigma)
    : height_(height), width_(width), size_(size) {
    if (height < 1 || width < 1 || size < 1 || !(sigma >= 0)) {
        throw std::invalid_argument("ScoreMapper: sizes must be positive and sigma not negative");
    }
    rows_ = make_axis(height, size, sigma);
    columns_ = make_axis(width, size, sigma);
    widened_.resize(static_cast<std::size_t>(height) * size);
    line_.resize(size);
}

void ScoreMapper::render(const float* patches, float* map) {
    for (int y = 0; y < height_; ++y) {
        const float* patch_row = patches + static_cast<std::size_t>(y) * width_;
        double* wide_row = widened_.data() + static_cast<std::size_t>(y) * size_;
        for (int x = 0; x < size_; ++x) {
            const Band& band = columns_.bands[x];
            const double* weights = columns_.weights.data() + band.offset;
            double sum = 0;
            for (std::size_t i = 0; i < band.count; ++i) {
                sum += weights[i] * patch_row[band.first + i];
            }
            wide_row[x] = sum;
        }
    }
    for (int y = 0; y < size_; ++y) {
        const Band& band = rows_.bands[y];
        std::fill(line_.begin(), line_.end(), 0.0);
        for (std::size_t i = 0; i < band.count; ++i) {
            const double weight = rows_.weights[band.offset + i];
            const double* wide_row = widened_.data() + (band.first + i) * size_;
            for (int x = 0; x < size_; ++x) {
                line_[x] += weight * wide_row[x];
            }
        }
        float* map_row = map + static_cast<std::size_t>(y) * size_;
        for (int x = 0; x < size_; ++x) {
            map_row[x] = static_cast<float>(line_[x]);
        }
    }
}

}  // namespace harrow::analysis
