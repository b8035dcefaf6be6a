#include "worker/extraction.hpp"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "storage/datasets/dataset.hpp"
#include "sweeps/canonical.hpp"
#include "sweeps/error.hpp"
#include "sweeps/feature_views.hpp"
#include "sweeps/keys.hpp"
#include "sweeps/validation.hpp"
#include "worker/laps.hpp"
#include "worker/picture_views.hpp"
#include "worker/read_ahead.hpp"

namespace harrow::worker {

namespace {

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
    const bool is_made =
        request.split == sweeps::kSyntheticSplit || request.split == sweeps::kAnomaliesSplit;
    std::string what = "the " + (is_made ? "train" : request.split) + " images of class '" +
                       request.class_name + "' under " + request.config.data.root;
    if (same_images && !backbone.weights_digest().empty()) {
        const std::string weights = "the weights file " + request.config.backbone.weights;
        what = request.images_digest.empty() ? what + " or " + weights : weights;
    }
    throw sweeps::DataError(what +
                            " changed since the sweep was validated; put the old files back, or "
                            "run the sweep again in a new directory");
}

storage::FeatureInfo describe(const FeatureRequest& request,
                              const Backbone& backbone,
                              const ExtractionSource& source) {
    const FeatureGeometry geometry = row_geometry(backbone, request.config.data);
    storage::FeatureInfo info;
    info.shape = {static_cast<std::int64_t>(source.images().size()),
                  geometry.height,
                  geometry.width,
                  geometry.channels};
    info.type = storage::parse_feature_type(request.config.backbone.feature_dtype);
    info.canonical_text = sweeps::canonical_text(request.config, {sweeps::Stage::Features});
    info.weights_digest = backbone.weights_digest();
    info.images = source.images();
    info.made = source.made();
    return info;
}

/// Pictures through the backbone into the file, in fixed batches by their index.
void run_backbone(ReadAhead<Picture>& source,
                  Backbone& backbone,
                  const sweeps::DataConfig& data,
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
        std::vector<Picture> pictures;
        for (std::int64_t i = 0; i < present; ++i) {
            pictures.push_back(take_or_stop(source, monitor));
        }
        laps.add_to(times.wait);
        const torch::Tensor features = extract_rows(backbone, data, pictures, monitor);
        laps.add_to(times.backbone);
        writer.write(first, present, features.data_ptr<float>());
        laps.add_to(times.write);
        status.images = first + present;
        monitor.report(status);
        step_or_stop(monitor);
    }
    writer.publish();
    laps.add_to(times.write);
    times.decode += source.busy_seconds();
}

}  // namespace

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
    const std::unique_ptr<ExtractionSource> source =
        open_source(request, dataset, backbone.normalization());
    check_unchanged(request, backbone, source->digest());
    step_or_stop(monitor);
    laps.add_to(report.times.check);

    const storage::FeatureInfo info = describe(request, backbone, *source);
    storage::FeatureWriter writer = cache.create(request.key, info);
    source->prepare(decode_threads, monitor, report.times.decode);
    laps.add_to(report.times.wait);
    ReadAhead<Picture> pictures(
        source->images().size(),
        [&source](std::size_t index) { return source->picture(index); },
        decode_threads,
        static_cast<std::size_t>(2 * kBatchImages + decode_threads));
    run_backbone(pictures, backbone, data, info.shape.images, writer, report.times, monitor);
    report.images = info.shape.images;
    return report;
}

}  // namespace harrow::worker
