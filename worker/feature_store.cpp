#include "worker/feature_store.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace harrow::worker {

namespace {

bool same_backbone(const sweeps::BackboneConfig& a, const sweeps::BackboneConfig& b) {
    const auto members = [](const sweeps::BackboneConfig& config) {
        return std::tie(config.name,
                        config.weights,
                        config.embed_dim,
                        config.layers,
                        config.blocks,
                        config.feature,
                        config.stride,
                        config.normalization,
                        config.projection,
                        config.projection_seed,
                        config.precision);
    };
    return members(a) == members(b);
}

}  // namespace

FeatureStore::FeatureStore(const std::filesystem::path& cache_root,
                           torch::Device device,
                           const ResidencyBudget& budget,
                           int decode_threads)
    : cache_(cache_root),
      device_(device),
      max_mapped_(budget.mapped_files),
      decode_threads_(decode_threads),
      on_device_(device, device_budget(budget, device)) {}

ExtractionReport FeatureStore::extract(const FeatureRequest& request, WorkMonitor& monitor) {
    if (!backbone_ || !same_backbone(backbone_config_, request.config.backbone)) {
        backbone_ = make_backbone(request.config.backbone, device_);
        backbone_config_ = request.config.backbone;
    }
    const ExtractionReport report =
        extract_features(request, *backbone_, cache_, decode_threads_, monitor);
    images_extracted_ += report.images;
    return report;
}

FeatureStore::SharedReader FeatureStore::open(const FeatureRequest& request,
                                              WorkMonitor& monitor,
                                              ExtractionReport* report) {
    if (cache_.contains(request.key)) {
        try {
            return std::make_shared<storage::FeatureReader>(cache_.open(request.key));
        } catch (const storage::CorruptFeatureFile& error) {
            notes_.push_back(std::string(error.what()) + "; the " + request.split +
                             " features of class '" + request.class_name +
                             "' were extracted again");
        }
    }
    const ExtractionReport extracted = extract(request, monitor);
    if (report != nullptr) {
        *report = extracted;
    }
    return std::make_shared<storage::FeatureReader>(cache_.open(request.key));
}

FeatureStore::SharedReader FeatureStore::mapped(const FeatureRequest& request,
                                                WorkMonitor& monitor) {
    const auto held = std::find_if(mapped_.begin(), mapped_.end(), [&](const Mapped& entry) {
        return entry.key == request.key;
    });
    if (held != mapped_.end()) {
        mapped_.splice(mapped_.begin(), mapped_, held);
        cache_.touch(request.key);
        return held->reader;
    }
    const SharedReader reader = open(request, monitor);
    mapped_.push_front({request.key, reader});
    if (mapped_.size() > max_mapped_) {
        mapped_.pop_back();
    }
    return reader;
}

ExtractionReport FeatureStore::ensure(const FeatureRequest& request, WorkMonitor& monitor) {
    ExtractionReport report;
    open(request, monitor, &report);
    return report;
}

Features FeatureStore::load(const FeatureRequest& request, WorkMonitor& monitor) {
    const SharedReader reader = mapped(request, monitor);
    Features features;
    if (!device_.is_cpu()) {
        features.rows = on_device_.place(request.key, *reader);
    }
    if (!features.rows) {
        features.rows = mapped_rows(reader, device_);
    }
    features.info = std::shared_ptr<const storage::FeatureInfo>(reader, &reader->info());
    return features;
}

std::vector<std::string> FeatureStore::take_notes() {
    return std::exchange(notes_, {});
}

}  // namespace harrow::worker
