#include "worker/extraction.hpp"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "storage/datasets/dataset.hpp"
#include "storage/datasets/image.hpp"
#include "storage/datasets/preprocess.hpp"
#include "sweeps/canonical.hpp"
#include "sweeps/error.hpp"
#include "sweeps/keys.hpp"
#include "worker/class_images.hpp"

namespace harrow::worker {

namespace {

void check_unchanged(const FeatureRequest& request,
                     const Backbone& backbone,
                     const sweeps::Digest& images_digest) {
    const bool same_images =
        request.images_digest.empty() || request.images_digest == images_digest;
    if (same_images &&
        sweeps::feature_key(request.config, backbone.weights_digest(), images_digest) ==
            request.key) {
        return;
    }
    throw sweeps::DataError("the " + request.split + " images of class '" + request.class_name +
                            "' under " + request.config.data.root +
                            " changed since the sweep was validated; put the old files back, or "
                            "run the sweep again in a new directory");
}

/// Float32 [count,3,S,S], images [first, first + count).
torch::Tensor load_images(const storage::Dataset& dataset,
                          const std::vector<storage::ImageEntry>& images,
                          std::int64_t first,
                          std::int64_t count,
                          const storage::Preprocessing& how) {
    torch::Tensor batch = torch::empty({count, 3, how.size, how.size}, torch::kFloat32);
    float* out = batch.data_ptr<float>();
    for (std::int64_t i = first; i < first + count; ++i) {
        const storage::ImageEntry& entry = images[static_cast<std::size_t>(i)];
        const std::vector<float> pixels =
            storage::preprocess_image(storage::read_rgb(dataset.root / entry.relative_path), how);
        out = std::copy(pixels.begin(), pixels.end(), out);
    }
    return batch;
}

storage::FeatureInfo describe(const FeatureRequest& request,
                              const Backbone& backbone,
                              const std::vector<storage::ImageEntry>& images,
                              const std::vector<sweeps::Digest>& digests) {
    const FeatureGeometry geometry = backbone.geometry(request.config.data.image_size);
    storage::FeatureInfo info;
    info.shape = {static_cast<std::int64_t>(images.size()),
                  geometry.height,
                  geometry.width,
                  geometry.channels};
    info.canonical_text = sweeps::canonical_text(request.config, {sweeps::Stage::Features});
    info.weights_digest = backbone.weights_digest();
    for (std::size_t i = 0; i < images.size(); ++i) {
        info.images.push_back({images[i].relative_path, digests[i]});
    }
    return info;
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

std::int64_t extract_features(const FeatureRequest& request,
                              Backbone& backbone,
                              const storage::FeatureCache& cache,
                              WorkMonitor& monitor) {
    const sweeps::DataConfig& data = request.config.data;
    const storage::Dataset dataset =
        storage::list_dataset(data.layout, data.root, {request.class_name}).dataset;
    const auto& images = split_images(dataset, request.class_name, request.split);
    step_or_stop(monitor);
    std::vector<sweeps::Digest> digests;
    check_unchanged(request, backbone, storage::images_digest(dataset, images, &digests));
    step_or_stop(monitor);

    const storage::FeatureInfo info = describe(request, backbone, images, digests);
    const std::int64_t count = info.shape.images;
    const storage::Preprocessing how{
        data.image_size, backbone.normalization(), storage::resize_named(data.resize)};
    storage::FeatureWriter writer = cache.create(request.key, info);
    for (std::int64_t first = 0; first < count; first += kBatchImages) {
        const std::int64_t present = std::min(kBatchImages, count - first);
        const torch::Tensor batch = load_images(dataset, images, first, present, how);
        const torch::Tensor features = backbone.extract(fixed_batch(batch, 0)).to(torch::kCPU);
        writer.write(first, present, features.contiguous().data_ptr<float>());
        step_or_stop(monitor);
    }
    writer.publish();
    return count;
}

}  // namespace harrow::worker
