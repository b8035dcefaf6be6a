#include "sweeps/method_defaults.hpp"

#include "sweeps/parameters.hpp"

namespace harrow::sweeps {
namespace {

/// What AnomalyVFM chose otherwise than MoLE-Flow (AnomalyVFM B1 to B3).
void start_from_anomalyvfm(TrialConfig& config) {
    config.data.image_size = 518;
    config.data.resize = "square";
    config.backbone.name = "dinov2_vitb14";
    config.backbone.feature = "cls";
    config.backbone.feature_dtype = "float32";
    config.train.optimizer = "adamw";
    config.train.lr = 1e-4;
    config.train.adamw_weight_decay = 1e-5;
    config.train.num_epochs = 10;
    config.train.batch_size = 8;
    config.model.lora_rank = 16;
    config.model.lora_alpha = 32;
    config.router.distance = "none";
}

/// AnomalyVFM B4: ranges of the generator. What differs by category is for the sweep file to say.
void change_to_1_2(TrialConfig& config) {
    SyntheticConfig& synthetic = config.synthetic;
    synthetic.texture_side = {40, 120};
    synthetic.circle_radius = {15, 60};
    synthetic.rectangle_side = {40, 120};
    synthetic.line_thickness = {3, 15};
    synthetic.contextual_side = {80, 160};
    synthetic.blend = {0.6, 0.8};
}

/// AnomalyVFM B5: 40 anomalies per scale.
void change_to_1_3(TrialConfig& config) {
    config.data.scales = {128, 256, 512};
    config.data.load_size = 512;
    config.train.batch_size = 6;
    config.model.batch_mix_size = 6;
    SyntheticConfig& synthetic = config.synthetic;
    synthetic.resolutions = {128, 256, 512};
    synthetic.texture = {8, 16, 20};
    synthetic.structural = {20, 12, 8};
    synthetic.contextual = {12};
    synthetic.texture_side = {10, 30, 20, 60, 40, 120};
    synthetic.noise = {25, 25, 30, 30, 35, 35};
    synthetic.circle_radius = {8, 40};
    synthetic.rectangle_side = {20, 80};
    synthetic.line_thickness = {2, 10};
    synthetic.shape_base = 512;
    synthetic.contextual_side = synthetic.texture_side;
    synthetic.blend = {0.6, 0.8};
}

/// AnomalyVFM B6, the type `medium`.
void change_to_1_4(TrialConfig& config) {
    SyntheticConfig& synthetic = config.synthetic;
    synthetic.texture = {36};
    synthetic.structural = {27};
    synthetic.contextual = {27};
    synthetic.texture_kinds = {"gaussian", "salt_pepper", "blur"};
    synthetic.texture_patches = {2, 5};
    synthetic.texture_side = {30, 100};
    synthetic.noise = {20, 50};
    synthetic.structural_kinds = {"circle", "rectangle", "line", "polygon"};
    synthetic.circle_radius = {15, 80};
    synthetic.rectangle_side = {40, 120};
    synthetic.line_thickness = {3, 15};
    synthetic.lines = {2, 5};
    synthetic.contextual_side = {60, 140};
    synthetic.blend = {0.6, 0.8};
}

}  // namespace

TrialConfig method_defaults(const std::string& method, const std::string& version) {
    TrialConfig config;
    if (find_method(method) == nullptr) {
        return config;
    }
    config.method = method;
    if (method != "anomalyvfm") {
        return config;
    }
    start_from_anomalyvfm(config);
    const Parameter* parameter = find_parameter("model.version");
    if (set_value(*parameter, config, version)) {
        return config;  // unknown
    }
    if (version == "1.2") {
        change_to_1_2(config);
    } else if (version == "1.3") {
        change_to_1_3(config);
    } else if (version == "1.4") {
        change_to_1_4(config);
    }
    return config;
}

}  // namespace harrow::sweeps
