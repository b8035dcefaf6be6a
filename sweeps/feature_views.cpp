#include "sweeps/feature_views.hpp"

#include "sweeps/anomalies.hpp"
#include "sweeps/validation.hpp"

namespace harrow::sweeps {

std::vector<FeatureView> feature_views(const TrialConfig& config) {
    std::vector<FeatureView> views = {{kTrainView, "train", config}, {kTestView, "test", config}};
    if (has_synthetic(config.validation)) {
        views.push_back({kValSynthView, kSyntheticSplit, config});
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
                facts.train.images_digest, view.config, anomaly_seed(view.config.synthetic, seed))};
}

bool depends_on_seed(const FeatureView& view) {
    return view.split == kAnomaliesSplit && view.config.synthetic.seed < 0;
}

}  // namespace harrow::sweeps
