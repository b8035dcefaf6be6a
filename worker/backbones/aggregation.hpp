#pragma once

#include <cstdint>
#include <vector>

#include <torch/torch.h>

namespace harrow::worker {

/// How maps and tokens of a backbone become patch features (MoLE-Flow A2). No state, any device.

/// A2.1 for one layer: each patch of [B,C,h,w] takes its 3 x 3 neighbourhood (zeros outside), the
/// 9C values in the order (c, ky, kx) are averaged over `channels` bins (bin i: from i*9C/channels
/// rounded down to (i+1)*9C/channels rounded up), and the map is resized bilinearly to
/// [height, width] (align_corners off). The reference resizes before it pools; both are linear and
/// act on different dimensions. Float32 in and out, [B,channels,height,width].
torch::Tensor pool_neighbourhoods(const torch::Tensor& map,
                                  std::int64_t channels,
                                  std::int64_t height,
                                  std::int64_t width);

/// A2.1: mean over the layers on the grid of the first -> [B,H,W,channels], contiguous. Throws
/// sweeps::UsageError when a layer has fewer than `channels` values per patch.
torch::Tensor aggregate_maps(const std::vector<torch::Tensor>& maps, std::int64_t channels);

/// A2.2: mean over the blocks' tokens [B,prefix+N,D] without the first `prefix`; N a square ->
/// [B,√N,√N,D], contiguous float32.
torch::Tensor average_tokens(const std::vector<torch::Tensor>& blocks, std::int64_t prefix);

/// Position embedding [1,n*n,D] for a grid of `side` x `side`: bicubic with antialiasing, in
/// float32, as timm's resample_abs_pos_embed; unchanged where n is `side`.
torch::Tensor resample_positions(const torch::Tensor& positions, std::int64_t side);

/// Side of a square of `count`; 0 when there is none.
std::int64_t square_side(std::int64_t count);

}  // namespace harrow::worker
