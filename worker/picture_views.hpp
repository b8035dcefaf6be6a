#pragma once

#include <vector>

#include <torch/torch.h>

#include "sweeps/trial_config.hpp"
#include "worker/backbone.hpp"
#include "worker/extraction_source.hpp"
#include "worker/feature_rows.hpp"
#include "worker/work_monitor.hpp"

namespace harrow::worker {

/// Rows [first, first + kBatchImages) of [N, …]; past the end the last row is repeated.
torch::Tensor fixed_batch(const torch::Tensor& rows, std::int64_t first);

/// Geometry of one picture's row of features. Throws sweeps::UsageError for an image size, scales
/// or crops the backbone cannot serve.
FeatureGeometry row_geometry(const Backbone& backbone, const sweeps::DataConfig& data);

/// What the backbone makes of at most kBatchImages pictures, a row each: [n, H, W, D] float32 on
/// the CPU. Each is seen whole, at every one of `data.scales` (shrunk or enlarged to it, then to
/// `data.image_size`), or, with `data.crop_size`, as the crops of the square of image_size from
/// left to right and top to bottom, each enlarged to image_size. All of that is bilinear on float32
/// samples without antialiasing, pixel centres at half coordinates (align_corners off), and on the
/// CPU, so that it is the same on every device. The backbone is called with kBatchImages pictures
/// at a time, the last repeated: n pictures at one scale, or crops of one picture. Throws
/// WorkStopped between two of its calls.
torch::Tensor extract_rows(Backbone& backbone,
                           const sweeps::DataConfig& data,
                           const std::vector<Picture>& pictures,
                           WorkMonitor& monitor);

/// [1, 3, S, S] -> [1, 3, side, side] as above; the same tensor when that is its side.
torch::Tensor resized(const torch::Tensor& picture, std::int64_t side);

}  // namespace harrow::worker
