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
                           std::int64_t resident_bytes)
    : cache_(cache_root), device_(device), resident_budget_bytes_(resident_bytes) {}

void FeatureStore::extract(const FeatureRequest& request, WorkMonitor& monitor) {
    if (!backbone_ || !same_backbone(backbone_config_, request.config.backbone)) {
        backbone_ = make_backbone(request.config.backbone, device_);
        backbone_config_ = request.config.backbone;
    }
    images_extracted_ += extract_features(request, *backbone_, cache_, monitor);
}

storage::FeatureReader FeatureStore::open(const FeatureRequest& request, WorkMonitor& monitor) {
    if (cache_.contains(request.key)) {
        try {
            return cache_.open(request.key);
        } catch (const storage::CorruptFeatureFile& error) {
            notes_.push_back(std::string(error.what()) + "; the " + request.split +
                             " features of class '" + request.class_name +
                             "' were extracted again");
        }
    }
    extract(request, monitor);
    return cache_.open(request.key);
}

std::int64_t FeatureStore::ensure(const FeatureRequest& request, WorkMonitor& monitor) {
    const std::int64_t before = images_extracted_;
    open(request, monitor);
    return images_extracted_ - before;
}

Features FeatureStore::load(const FeatureRequest& request, WorkMonitor& monitor) {
    const auto held = std::find_if(resident_.begin(), resident_.end(), [&](const Resident& entry) {
        return entry.key == request.key;
    });
    if (held != resident_.end()) {
        resident_.splice(resident_.begin(), resident_, held);
        return held->features;
    }
    const storage::FeatureReader reader = open(request, monitor);
    const storage::FeatureShape& shape = reader.info().shape;
    Features features;
    features.values =
        torch::empty({shape.images, shape.height, shape.width, shape.channels}, torch::kFloat32);
    reader.read_float(0, shape.images, features.values.data_ptr<float>());
    features.info = std::make_shared<const storage::FeatureInfo>(reader.info());
    keep(request.key, features);
    return features;
}

void FeatureStore::keep(const std::string& key, const Features& features) {
    const auto bytes = static_cast<std::int64_t>(features.values.nbytes());
    if (bytes > resident_budget_bytes_) {
        return;
    }
    resident_.push_front({key, features, bytes});
    resident_bytes_ += bytes;
    while (resident_bytes_ > resident_budget_bytes_) {
        resident_bytes_ -= resident_.back().bytes;
        resident_.pop_back();
    }
}

std::vector<std::string> FeatureStore::take_notes() {
    return std::exchange(notes_, {});
}

}  // namespace harrow::worker
