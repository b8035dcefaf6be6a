#include "worker/backbones/aggregation.hpp"

#include <cmath>

#include "sweeps/error.hpp"

namespace harrow::worker {

namespace {

constexpr std::int64_t kSide = 3;  // of a neighbourhood
constexpr std::int64_t kTaps = kSide * kSide;

/// [rows, columns] -> [bins, columns]: adaptive average over the rows.
torch::Tensor pool_rows(const torch::Tensor& values, std::int64_t bins) {
    const std::int64_t rows = values.size(0);
    const std::int64_t columns = values.size(1);
    if (rows % bins == 0) {
        return values.view({bins, rows / bins, columns}).mean(1);
    }
    return at::adaptive_avg_pool2d(values.unsqueeze(0), {bins, columns}).squeeze(0);
}

}  // namespace

torch::Tensor pool_neighbourhoods(const torch::Tensor& map,
                                  std::int64_t channels,
                                  std::int64_t height,
                                  std::int64_t width) {
    const std::int64_t images = map.size(0);
    const std::int64_t rows = map.size(2);
    const std::int64_t columns = map.size(3);
    torch::Tensor pooled =
        torch::empty({images, channels, rows * columns}, map.options().dtype(torch::kFloat32));
    for (std::int64_t image = 0; image < images; ++image) {  // one at a time: 9 times a map is much
        const torch::Tensor one = map.narrow(0, image, 1).to(torch::kFloat32).contiguous();
        const torch::Tensor unfolded =
            at::im2col(one, {kSide, kSide}, {1, 1}, {1, 1}, {1, 1}).squeeze(0);
        pooled.select(0, image).copy_(pool_rows(unfolded, channels));
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
