#pragma once

#include <memory>
#include <string>
#include <vector>

#include <torch/torch.h>

#include "sweeps/anomalies.hpp"
#include "sweeps/trial_config.hpp"
#include "worker/method.hpp"
#include "worker/methods/initialiser.hpp"

/// Small AnomalyVFM methods and drawn features for them.
namespace harrow::worker::vfm_tests {

constexpr std::int64_t kChannels = 16;
constexpr std::int64_t kNormals = 21;

inline sweeps::TrialConfig config_of(const std::string& version) {
    sweeps::TrialConfig config;
    config.method = "anomalyvfm";
    config.model.version = version;
    config.model.lora_rank = 4;
    config.model.lora_alpha = 8;
    config.model.head_hidden = {12, 6};
    config.model.final_attention_hidden = 5;
    config.model.scale_rank_base = 16;
    config.model.scale_rank_min = 2;
    config.router.distance = "none";
    config.data.image_size = 32;
    config.train.optimizer = "adamw";
    config.train.adamw_weight_decay = 1e-5;
    config.train.lr = 1e-2;
    config.train.num_epochs = 2;
    config.train.batch_size = 8;
    config.synthetic.normal_images = 10;
    config.synthetic.texture = config.synthetic.structural = config.synthetic.contextual = {4};
    config.synthetic.texture_side = config.synthetic.contextual_side = {4, 12};
    config.synthetic.circle_radius = {2, 6};
    config.synthetic.rectangle_side = {4, 12};
    config.synthetic.line_thickness = {1, 3};
    if (version == "1.3") {
        config.data.scales = {8, 16, 32};
        config.synthetic.resolutions = {16, 24, 32};
        config.train.batch_size = 6;
        config.model.batch_mix_size = 6;
    }
    return config;
}

inline std::int64_t scales_of(const sweeps::TrialConfig& config) {
    return static_cast<std::int64_t>(config.data.scales.size());
}

inline torch::Tensor random_rows(torch::IntArrayRef shape, std::uint64_t seed) {
    Initialiser random(seed, "features", torch::kCPU);
    return random.normal(shape, 1);
}

/// Images of one class; `offset` is added to every number.
inline TaskClass make_class(const std::string& name,
                            const sweeps::TrialConfig& config,
                            std::uint64_t seed,
                            double offset = 1) {
    const std::int64_t made = sweeps::anomaly_rows(config.synthetic, kNormals).total();
    const std::int64_t scales = scales_of(config);
    TaskClass one;
    one.name = name;
    one.features = tensor_rows(random_rows({kNormals, 1, scales, kChannels}, seed));
    one.anomalies = tensor_rows(random_rows({made, 1, scales, kChannels}, seed + 1000) + offset);
    if (config.model.maps == "patches") {
        one.maps = tensor_rows(random_rows({kNormals, 2, 3, kChannels}, seed + 2000));
        one.anomaly_patches =
            tensor_rows(random_rows({made, 2, 3, kChannels}, seed + 3000) + offset);
    }
    return one;
}

inline TaskData make_task(int task, std::vector<TaskClass> classes) {
    std::vector<SharedRows> parts;
    for (const TaskClass& one : classes) {
        parts.push_back(one.features);
    }
    return {task, concatenated_rows(std::move(parts)), std::move(classes)};
}

inline TaskData make_task(int task, const sweeps::TrialConfig& config, std::uint64_t seed = 0) {
    return make_task(
        task,
        {make_class("c" + std::to_string(task), config, seed + static_cast<std::uint64_t>(task))});
}

inline std::unique_ptr<Method> build(const sweeps::TrialConfig& config, std::uint64_t seed = 7) {
    return make_method(config, {1, scales_of(config), kChannels}, seed, torch::kCPU);
}

inline void learn(Method& method, const TaskData& data, const TrainingHooks& hooks = {}) {
    method.begin_task(data.task);
    method.train(data, hooks);
    method.update_router(data);
}

inline StateTensors copy_of(const StateTensors& state) {
    StateTensors copies;
    for (const auto& [name, tensor] : state) {
        copies.emplace(name, tensor.clone());
    }
    return copies;
}

inline SharedRows test_images(const sweeps::TrialConfig& config, std::int64_t count = 19) {
    return tensor_rows(random_rows({count, 1, scales_of(config), kChannels}, 77));
}

}  // namespace harrow::worker::vfm_tests
