#include "worker/backbones/aggregation.hpp"

#include <cmath>

#include "sweeps/error.hpp"

namespace harrow::worker {

namespace {

constexpr std::int64_t kSide = 3;  // of a neighbourhood
constexpr std::int64_t kTaps = kSide * kSide;

/// Adaptive average over the rows of [rows,columns] into `bins` rows. Bins overlap where `bins`
/// does not divide `rows`: then one row of every bin is added at a time, which is 10 times faster
/// than at::adaptive_avg_pool2d.
class RowPool {
public:
    RowPool(std::int64_t rows, std::int64_t bins, torch::Device device) : bins_(bins) {
        if (rows % bins == 0) {
            return;
        }
        const torch::Tensor bin = torch::arange(bins, torch::kInt64);
        const torch::Tensor first = at::floor_divide(bin * rows, bins);
        const torch::Tensor past = at::floor_divide((bin + 1) * rows + bins - 1, bins);
        const torch::Tensor length = past - first;
        const auto longest = length.max().item<std::int64_t>();
        for (std::int64_t i = 0; i < longest; ++i) {
            const torch::Tensor weight = (length > i).to(torch::kFloat32) / length;
            rows_.push_back(at::minimum(first + i, past - 1).to(device));
            weights_.push_back(weight.view({bins, 1}).to(device));
        }
    }

    /// `out`: [bins,columns].
    void operator()(const torch::Tensor& values, torch::Tensor out) const {
        if (rows_.empty()) {
            const std::int64_t length = values.size(0) / bins_;
            at::sum_out(out, values.view({bins_, length, values.size(1)}), 1);
            out.div_(static_cast<double>(length));
            return;
        }
        out.zero_();
        for (std::size_t i = 0; i < rows_.size(); ++i) {
            out.addcmul_(at::index_select(values, 0, rows_[i]), weights_[i]);
        }
    }

private:
    std::int64_t bins_;
    std::vector<torch::Tensor> rows_;  ///< i-th row of every bin; its last one where it is shorter
    std::vector<torch::Tensor> weights_;  ///< 0 there
};

}  // namespace

torch::Tensor pool_neighbourhoods(const torch::Tensor& map,
                                  std::int64_t channels,
                                  std::int64_t height,
                                  std::int64_t width) {
    const std::int64_t images = map.size(0);
    const std::int64_t inputs = map.size(1);
    const std::int64_t rows = map.size(2);
    const std::int64_t columns = map.size(3);
    const auto options =
        map.options().dtype(torch::kFloat32).memory_format(at::MemoryFormat::Contiguous);
    const RowPool pool(kTaps * inputs, channels, map.device());
    torch::Tensor pooled = torch::empty({images, channels, rows * columns}, options);
    // One image at a time, in the same memory: 9 times a map is much.
    const torch::Tensor padded = torch::zeros({inputs, rows + 2, columns + 2}, options);
    torch::Tensor inside = padded.slice(1, 1, rows + 1).slice(2, 1, columns + 1);
    const torch::Tensor windows = padded.unfold(1, rows, 1).unfold(2, columns, 1);
    torch::Tensor unfolded = torch::empty({inputs, kSide, kSide, rows, columns}, options);
    for (std::int64_t image = 0; image < images; ++image) {
        inside.copy_(map.select(0, image));
        unfolded.copy_(windows);
        pool(unfolded.view({kTaps * inputs, rows * columns}), pooled.select(0, image));
    }
    pooled = pooled.view({images, channels, rows, columns});
    if (rows == height && columns == width) {
        return pooled;
    }
    return at::upsample_bilinear2d(pooled, {height, width}, false);
}

torch::Tensor aggregate_maps(const std::vector<torch::Tensor>& maps, std::int64_t channels) {
    const std::int64_t height = maps.front().size(2);
    const std::int64_t width = maps.front().size(3);
    torch::Tensor sum;
    for (const torch::Tensor& map : maps) {
        if (kTaps * map.size(1) < channels) {
            throw sweeps::UsageError(
                "backbone.embed_dim: a layer of the backbone has " +
                std::to_string(kTaps * map.size(1)) + " values per patch, fewer than the " +
                std::to_string(channels) + " channels wanted; give at most that many");
        }
        const torch::Tensor pooled = pool_neighbourhoods(map, channels, height, width);
        sum = sum.defined() ? sum.add_(pooled) : pooled;
    }
    if (maps.size() > 1) {
        sum.div_(static_cast<double>(maps.size()));
    }
    return sum.permute({0, 2, 3, 1}).contiguous();
}

torch::Tensor average_tokens(const std::vector<torch::Tensor>& blocks, std::int64_t prefix) {
    torch::Tensor sum;
    for (const torch::Tensor& tokens : blocks) {
        const torch::Tensor patches = tokens.slice(1, prefix).to(torch::kFloat32);
        sum = sum.defined() ? sum.add_(patches) : patches.clone();
    }
    sum.div_(static_cast<double>(blocks.size()));
    const std::int64_t side = square_side(sum.size(1));
    return sum.reshape({sum.size(0), side, side, sum.size(2)}).contiguous();
}

torch::Tensor resample_positions(const torch::Tensor& positions, std::int64_t side) {
    const std::int64_t own_side = square_side(positions.size(1));
    if (own_side == side) {
        return positions;
    }
    const std::int64_t width = positions.size(2);
    const torch::Tensor grid =
        positions.reshape({1, own_side, own_side, width}).permute({0, 3, 1, 2}).contiguous();
    const std::vector<std::int64_t> size = {side, side};
    return at::_upsample_bicubic2d_aa(grid, size, false)
        .permute({0, 2, 3, 1})
        .reshape({1, side * side, width});
}

std::int64_t square_side(std::int64_t count) {
    const auto side = static_cast<std::int64_t>(std::llround(std::sqrt(double(count))));
    return side * side == count ? side : 0;
}

}  // namespace harrow::worker
