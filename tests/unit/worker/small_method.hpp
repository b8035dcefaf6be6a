#pragma once

#include <memory>

#include <torch/torch.h>

#include "sweeps/trial_config.hpp"
#include "worker/method.hpp"
#include "worker/methods/initialiser.hpp"

/// Small methods and drawn features for them.
namespace harrow::worker {

constexpr FeatureGeometry kGeometry{4, 5, 8};

inline sweeps::TrialConfig small_config() {
    sweeps::TrialConfig config;
    config.train.num_epochs = 3;
    config.train.batch_size = 4;
    config.train.lr = 1e-2;
    config.model.num_coupling_layers = 2;
    config.model.dia_n_blocks = 2;
    config.model.lora_rank = 3;
    return config;
}

// Images of one task differ from another task's by an offset per channel.
inline torch::Tensor random_features(std::int64_t images, std::uint64_t seed, double offset) {
    Initialiser random(seed, "features", torch::kCPU);
    const torch::Tensor noise =
        random.uniform({images, kGeometry.height, kGeometry.width, kGeometry.channels}, 1);
    return noise + offset * random.uniform({kGeometry.channels}, 1);
}

inline TaskData make_task(int task, std::int64_t images = 10) {
    return {task, tensor_rows(random_features(images, 100 + static_cast<std::uint64_t>(task), 3))};
}

inline void learn(Method& method, const TaskData& data, const TrainingHooks& hooks = {}) {
    method.begin_task(data.task);
    method.train(data, hooks);
    method.update_router(data);
}

inline std::unique_ptr<Method> build(const sweeps::TrialConfig& config, std::uint64_t seed = 7) {
    return make_method(config, kGeometry, seed, torch::kCPU);
}

}  // namespace harrow::worker
