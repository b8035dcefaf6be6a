#include "sweeps/feature_views.hpp"

#include <utility>

#include "sweeps/anomalies.hpp"
#include "sweeps/backbones.hpp"
#include "sweeps/validation.hpp"

namespace harrow::sweeps {
namespace {

bool is_anomalyvfm(const TrialConfig& config) {
    return config.method == "anomalyvfm";
}

/// Whole images: crops belong to maps alone, and scales mean nothing to a backbone of patches.
TrialConfig of_images(TrialConfig config) {
    const BackboneArchitecture* known = find_backbone(config.backbone.name);
    if (known == nullptr || !gives_image_vectors(*known, config.backbone)) {
        config.data.scales = {0};
    }
    config.data.crop_size = 0;
    return config;
}

/// Patches of the same pixels: how large a square an image is loaded as stays, for anomalies are
/// drawn on it.
TrialConfig of_patches(TrialConfig config) {
    config.backbone.feature = kNormedPatches;
    config.data.scales = {0};
    config.data.crop_size = 0;
    return config;
}

TrialConfig of_maps(TrialConfig config) {
    if (config.model.maps == "patches") {
        config = of_patches(std::move(config));
    }
    config.data.scales = {0};
    config.data.load_size = 0;
    return config;
}

void add(std::vector<FeatureView>& views, const char* name, const char* split, TrialConfig config) {
    std::string recipe = recipe_text(config, split);
    views.push_back({name, split, std::move(config), std::move(recipe)});
}

}  // namespace

std::vector<FeatureView> feature_views(const TrialConfig& config) {
    const bool has_pasted = has_synthetic(config.validation);
    const bool trains = is_anomalyvfm(config) && config.model.use_lora;
    const bool has_maps = is_anomalyvfm(config) && config.model.maps != "none";
    const TrialConfig images = of_images(config);
    std::vector<FeatureView> views;
    add(views, kTrainView, "train", images);
    add(views, kTestView, "test", images);
    if (has_pasted) {
        add(views, kValSynthView, kSyntheticSplit, images);
    }
    if (config.validation.use_split) {
        add(views, kValidationView, kValidationSplit, images);
    }
    if (trains) {
        add(views, kAnomaliesView, kAnomaliesSplit, images);
    }
    if (!has_maps) {
        return views;
    }
    const TrialConfig maps = of_maps(config);
    if (config.model.maps == "patches" || config.validation.holdout > 0) {
        add(views, kTrainMapsView, "train", maps);
    }
    add(views, kTestMapsView, "test", maps);
    if (has_pasted) {
        add(views, kValSynthMapsView, kSyntheticSplit, maps);
    }
    if (config.validation.use_split) {
        add(views, kValidationMapsView, kValidationSplit, maps);
    }
    if (trains && config.model.maps == "patches" && config.train.confidence_weight > 0) {
        add(views, kAnomalyPatchesView, kAnomaliesSplit, of_patches(config));
    }
    return views;
}

SplitFacts view_images(const FeatureView& view, const ClassFacts& facts, std::uint64_t seed) {
    const ValidationConfig& validation = view.config.validation;
    if (view.split == "train") {
        return facts.train;
    }
    if (view.split == "test") {
        return facts.test;
    }
    if (view.split == kValidationSplit) {
        return facts.validation;
    }
    const std::int64_t held_out = held_out_count(facts.train.images, validation.holdout);
    if (view.split == kSyntheticSplit) {
        return {held_out, synthetic_digest(facts.train.images_digest, validation)};
    }
    return {anomaly_rows(view.config.synthetic, facts.train.images - held_out).total(),
            anomalies_digest(
                facts.train.images_digest,
                view.recipe,
                class_anomaly_seed(anomaly_seed(view.config.synthetic, seed), facts.name))};
}

bool depends_on_seed(const FeatureView& view) {
    return view.split == kAnomaliesSplit && view.config.synthetic.seed < 0;
}

}  // namespace harrow::sweeps
