#include "worker/extraction.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <vector>

#include "storage/datasets/cut_paste.hpp"
#include "storage/datasets/dataset.hpp"
#include "sweeps/canonical.hpp"
#include "sweeps/error.hpp"
#include "sweeps/keys.hpp"
#include "sweeps/validation.hpp"
#include "worker/class_images.hpp"
#include "worker/image_loader.hpp"
#include "worker/laps.hpp"

namespace harrow::worker {

namespace {

/// How long a request to stop may wait for an image.
constexpr std::chrono::milliseconds kStopPoll{50};

void check_unchanged(const FeatureRequest& request,
                     const Backbone& backbone,
                     const sweeps::Digest& images_digest) {
    const bool same_images =
        request.images_digest.empty() || request.images_digest == images_digest;
    const bool same_key =
        sweeps::feature_key(request.config, backbone.weights_digest(), images_digest) ==
        request.key;
    if (same_images && same_key) {
        return;
    }
    std::string what = "the " + request.split + " images of class '" + request.class_name +
                       "' under " + request.config.data.root;
    if (same_images && !backbone.weights_digest().empty()) {
        const std::string weights = "the weights file " + request.config.backbone.weights;
        what = request.images_digest.empty() ? what + " or " + weights : weights;
    }
    throw sweeps::DataError(what +
                            " changed since the sweep was validated; put the old files back, or "
                            "run the sweep again in a new directory");
}

/// The images that are extracted, and what their key is made of.
struct SplitContent {
    std::vector<storage::ImageEntry> images;
    std::vector<sweeps::Digest> digests;  ///< of each
    sweeps::Digest digest;
};

SplitContent read_split(const FeatureRequest& request, const storage::Dataset& dataset) {
    SplitContent content;
    content.images = split_images(dataset, request.class_name, request.split);
    content.digest = storage::images_digest(dataset, content.images, &content.digests);
    if (request.split != sweeps::kSyntheticSplit) {
        return content;
    }
    const sweeps::ValidationConfig& validation = request.config.validation;
    SplitContent pasted;
    pasted.digest = sweeps::synthetic_digest(content.digest, validation);
    for (const std::int64_t image :
         held_out_images(request.config.data.layout, content.images, validation.holdout)) {
        pasted.images.push_back(content.images[static_cast<std::size_t>(image)]);
        pasted.digests.push_back(content.digests[static_cast<std::size_t>(image)]);
    }
    return pasted;
}

/// Pastes an anomaly into each image; nothing for the other splits.
ImageLoader::Change change_of(const FeatureRequest& request,
                              const std::vector<storage::ImageEntry>& images) {
    if (request.split != sweeps::kSyntheticSplit) {
        return {};
    }
    return
        [&images, layout = request.config.data.layout](storage::Image& square, std::size_t image) {
            storage::cut_paste(square, storage::path_in_split(layout, images[image].relative_path));
        };
}

std::vector<std::filesystem::path> files_of(const storage::Dataset& dataset,
                                            const std::vector<storage::ImageEntry>& images) {
    std::vector<std::filesystem::path> files;
    for (const storage::ImageEntry& image : images) {
        files.push_back(dataset.root / image.relative_path);
    }
    return files;
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
    info.type = storage::parse_feature_type(request.config.backbone.feature_dtype);
    info.canonical_text = sweeps::canonical_text(request.config, {sweeps::Stage::Features});
    info.weights_digest = backbone.weights_digest();
    for (std::size_t i = 0; i < images.size(); ++i) {
        info.images.push_back({images[i].relative_path, digests[i]});
    }
    return info;
}

/// The next image of the loader, unless the monitor asks to stop first.
void take_image(ImageLoader& loader, float* out, WorkMonitor& monitor) {
    while (!loader.take(out, kStopPoll)) {
        stop_if_asked(monitor);
    }
}

/// Images through the backbone into the file, in fixed batches by image index.
void run_backbone(ImageLoader& loader,
                  Backbone& backbone,
                  int image_size,
                  std::int64_t count,
                  storage::FeatureWriter& writer,
                  coordinator::WorkTimes& times,
                  WorkMonitor& monitor) {
    WorkStatus status;
    status.text = "extracting";
    status.images_total = count;
    Laps laps;
    for (std::int64_t first = 0; first < count; first += kBatchImages) {
        const std::int64_t present = std::min(kBatchImages, count - first);
        const torch::Tensor images =
            torch::empty({present, 3, image_size, image_size}, torch::kFloat32);
        for (std::int64_t i = 0; i < present; ++i) {
            take_image(loader, images[i].data_ptr<float>(), monitor);
        }
        laps.add_to(times.wait);
        const torch::Tensor features =
            backbone.extract(fixed_batch(images, 0)).to(torch::kCPU).contiguous();
        laps.add_to(times.backbone);
        writer.write(first, present, features.data_ptr<float>());
        laps.add_to(times.write);
        status.images = first + present;
        monitor.report(status);
        step_or_stop(monitor);
    }
    writer.publish();
    laps.add_to(times.write);
    times.decode = loader.decode_seconds();
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

ExtractionReport extract_features(const FeatureRequest& request,
                                  Backbone& backbone,
                                  const storage::FeatureCache& cache,
                                  int decode_threads,
                                  WorkMonitor& monitor) {
    const sweeps::DataConfig& data = request.config.data;
    ExtractionReport report;
    Laps laps;
    const storage::Dataset dataset =
        storage::list_dataset(data.layout, data.root, {request.class_name}).dataset;
    step_or_stop(monitor);
    const SplitContent content = read_split(request, dataset);
    check_unchanged(request, backbone, content.digest);
    step_or_stop(monitor);
    laps.add_to(report.times.check);

    const storage::FeatureInfo info = describe(request, backbone, content.images, content.digests);
    storage::FeatureWriter writer = cache.create(request.key, info);
    ImageLoader loader(
        files_of(dataset, content.images),
        {data.image_size, backbone.normalization(), storage::resize_named(data.resize)},
        decode_threads,
        static_cast<std::size_t>(2 * kBatchImages + decode_threads),
        change_of(request, content.images));
    run_backbone(
        loader, backbone, data.image_size, info.shape.images, writer, report.times, monitor);
    report.images = info.shape.images;
    return report;
}

}  // namespace harrow::worker
