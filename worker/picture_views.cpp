#include "worker/picture_views.hpp"

#include <algorithm>

#include "sweeps/backbone_geometry.hpp"
#include "sweeps/error.hpp"

namespace harrow::worker {
namespace {

/// [1, 3, side, side]; shares the picture's memory.
torch::Tensor tensor_of(const Picture& picture) {
    return torch::from_blob(const_cast<float*>(picture.samples.data()),  // only read
                            {1, 3, picture.side, picture.side},
                            torch::kFloat32);
}

/// Of `present` pictures [present, 3, S, S]: [present, h, w, D] on the CPU.
torch::Tensor features_of(Backbone& backbone, const torch::Tensor& pictures) {
    return backbone.extract(fixed_batch(pictures, 0))
        .to(torch::kCPU)
        .narrow(0, 0, pictures.size(0));
}

/// Scale 0: as it is.
torch::Tensor at_scale(const torch::Tensor& picture, double scale, std::int64_t side) {
    const auto shrunk = static_cast<std::int64_t>(scale);
    return resized(shrunk > 0 ? resized(picture, shrunk) : picture, side);
}

torch::Tensor rows_of_scales(Backbone& backbone,
                             const sweeps::DataConfig& data,
                             const std::vector<Picture>& pictures,
                             WorkMonitor& monitor) {
    const auto count = static_cast<std::int64_t>(pictures.size());
    std::vector<torch::Tensor> parts;
    for (const double scale : data.scales) {
        if (!parts.empty()) {
            step_or_stop(monitor);
        }
        const torch::Tensor seen =
            torch::empty({count, 3, data.image_size, data.image_size}, torch::kFloat32);
        for (std::int64_t i = 0; i < count; ++i) {
            seen[i].copy_(at_scale(tensor_of(pictures[std::size_t(i)]), scale, data.image_size)[0]);
        }
        parts.push_back(features_of(backbone, seen));
    }
    return torch::cat(parts, 2).contiguous();
}

torch::Tensor row_of_crops(Backbone& backbone,
                           const sweeps::DataConfig& data,
                           const Picture& picture,
                           WorkMonitor& monitor) {
    const torch::Tensor whole = resized(tensor_of(picture), data.image_size);
    const std::int64_t crop = data.crop_size;
    const std::int64_t side = data.image_size / crop;
    std::vector<torch::Tensor> parts;
    for (std::int64_t first = 0; first < side * side; first += kBatchImages) {
        if (first > 0) {
            step_or_stop(monitor);
        }
        const std::int64_t count = std::min(kBatchImages, side * side - first);
        const torch::Tensor seen =
            torch::empty({count, 3, data.image_size, data.image_size}, torch::kFloat32);
        for (std::int64_t i = 0; i < count; ++i) {
            const std::int64_t row = (first + i) / side;
            const std::int64_t column = (first + i) % side;
            const torch::Tensor part =
                whole.narrow(2, row * crop, crop).narrow(3, column * crop, crop).contiguous();
            seen[i].copy_(resized(part, data.image_size)[0]);
        }
        parts.push_back(features_of(backbone, seen));
    }
    return torch::cat(parts).reshape({1, side, side, -1});
}

}  // namespace

torch::Tensor fixed_batch(const torch::Tensor& rows, std::int64_t first) {
    const std::int64_t count = std::min(kBatchImages, rows.size(0) - first);
    const torch::Tensor batch = rows.narrow(0, first, count);
    if (count == kBatchImages) {
        return batch;
    }
    std::vector<std::int64_t> padding(rows.dim(), -1);
    padding[0] = kBatchImages - count;
    return torch::cat({batch, rows.narrow(0, rows.size(0) - 1, 1).expand(padding)}, 0);
}

FeatureGeometry row_geometry(const Backbone& backbone, const sweeps::DataConfig& data) {
    const FeatureGeometry one = backbone.geometry(data.image_size);
    if (!sweeps::sees_image_once(data) && (one.height != 1 || one.width != 1)) {
        throw sweeps::UsageError(
            std::string(data.crop_size > 0 ? "data.crop_size" : "data.scales") +
            " wants a backbone that gives one vector per image; this one gives " +
            std::to_string(one.height) + " x " + std::to_string(one.width) + " patches");
    }
    if (data.crop_size > data.image_size) {
        throw sweeps::UsageError("data.crop_size is " + std::to_string(data.crop_size) +
                                 ", larger than data.image_size, " +
                                 std::to_string(data.image_size));
    }
    const auto [height, width, channels] =
        sweeps::row_geometry({one.height, one.width, one.channels}, data);
    return {height, width, channels};
}

torch::Tensor extract_rows(Backbone& backbone,
                           const sweeps::DataConfig& data,
                           const std::vector<Picture>& pictures,
                           WorkMonitor& monitor) {
    if (data.crop_size == 0) {
        return rows_of_scales(backbone, data, pictures, monitor);
    }
    std::vector<torch::Tensor> rows;
    for (const Picture& picture : pictures) {
        if (!rows.empty()) {
            step_or_stop(monitor);
        }
        rows.push_back(row_of_crops(backbone, data, picture, monitor));
    }
    return torch::cat(rows).contiguous();
}

torch::Tensor resized(const torch::Tensor& picture, std::int64_t side) {
    const std::vector<std::int64_t> size = {side, side};
    return picture.size(2) == side
               ? picture
               : at::upsample_bilinear2d(picture, size, /*align_corners=*/false);
}

}  // namespace harrow::worker
