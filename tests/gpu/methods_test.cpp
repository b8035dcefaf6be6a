#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "sweeps/anomalies.hpp"
#include "sweeps/trial_config.hpp"
#include "worker/feature_rows.hpp"
#include "worker/method.hpp"
#include "worker/methods/initialiser.hpp"

namespace harrow::worker {
namespace {

constexpr FeatureGeometry kGeometry{14, 14, 64};
constexpr std::int64_t kImages = 16;

class GpuMethods : public testing::Test {
protected:
    void SetUp() override {
        if (!torch::cuda::is_available()) {
            GTEST_SKIP() << "no CUDA device that this LibTorch can use";
        }
        torch::set_num_threads(1);
    }
};

sweeps::TrialConfig small_config() {
    sweeps::TrialConfig config;
    config.train.num_epochs = 2;
    config.train.batch_size = 8;
    config.model.num_coupling_layers = 4;
    config.model.dia_n_blocks = 2;
    config.model.lora_rank = 8;
    return config;
}

torch::Tensor random_features(std::uint64_t seed) {
    Initialiser random(seed, "features", torch::kCPU);
    return random.uniform({kImages, kGeometry.height, kGeometry.width, kGeometry.channels}, 1);
}

struct Outcome {
    std::vector<double> losses;
    torch::Tensor scores, distances;
};

// Features live where the method does, as the feature store keeps them.
Outcome train_two_tasks(torch::Device device) {
    Outcome outcome;
    const auto method = make_method(small_config(), kGeometry, 7, device);
    TrainingHooks hooks;
    hooks.on_epoch = [&](const EpochRecord& record) { outcome.losses.push_back(record.loss); };
    for (int task = 0; task < 2; ++task) {
        const auto seed = static_cast<std::uint64_t>(task);
        const TaskData data{task, tensor_rows(random_features(seed).to(device))};
        method->begin_task(task);
        method->train(data, hooks);
        method->update_router(data);
    }
    const torch::Tensor images = random_features(9).narrow(0, 0, kBatchImages).to(device);
    outcome.scores = method->score(images, 1);
    outcome.distances = method->route_distances(images);
    return outcome;
}

TEST_F(GpuMethods, TrainAndScoreAsOnTheCpu) {
    const Outcome cpu = train_two_tasks(torch::kCPU);
    const Outcome gpu = train_two_tasks(torch::Device("cuda:0"));
    ASSERT_EQ(cpu.losses.size(), gpu.losses.size());
    for (std::size_t i = 0; i < cpu.losses.size(); ++i) {
        EXPECT_NEAR(gpu.losses[i] / cpu.losses[i], 1, 1e-4) << "epoch " << i;
    }
    EXPECT_TRUE(torch::allclose(gpu.scores.cpu(), cpu.scores, 1e-4, 1e-4));
    EXPECT_TRUE(torch::allclose(gpu.distances.cpu(), cpu.distances, 1e-4, 1e-4));
}

TEST_F(GpuMethods, RepeatThemselves) {
    const Outcome once = train_two_tasks(torch::Device("cuda:0"));
    const Outcome again = train_two_tasks(torch::Device("cuda:0"));
    EXPECT_EQ(once.losses, again.losses);
    EXPECT_TRUE(once.scores.equal(again.scores));
}

// Losses are looked at once an epoch here, so what is saved inside the second is its start.
TEST_F(GpuMethods, GoOnFromASavedStateToTheSameBits) {
    const torch::Device device("cuda:0");
    const TaskData data{0, tensor_rows(random_features(0).to(device))};
    const torch::Tensor images = random_features(9).narrow(0, 0, kBatchImages).to(device);
    const auto undisturbed = make_method(small_config(), kGeometry, 7, device);
    undisturbed->begin_task(0);
    undisturbed->train(data, {});
    undisturbed->update_router(data);

    const auto stopped = make_method(small_config(), kGeometry, 7, device);
    TrainingHooks hooks;
    int batches = 0;
    hooks.stop = [&] { return ++batches == 3; };  // of two epochs of two
    stopped->begin_task(0);
    stopped->train(data, hooks);
    StateTensors state;
    for (const auto& [name, tensor] : stopped->save_state()) {
        state.emplace(name, tensor.cpu());
    }
    const auto resumed = make_method(small_config(), kGeometry, 7, device);
    resumed->load_state(state);
    resumed->train(data, {});
    resumed->update_router(data);
    EXPECT_TRUE(resumed->score(images, 0).equal(undisturbed->score(images, 0)));
    EXPECT_TRUE(resumed->route_distances(images).equal(undisturbed->route_distances(images)));
}

// ---- AnomalyVFM

constexpr std::int64_t kChannels = 64;

sweeps::TrialConfig anomalyvfm_config(const std::string& version) {
    sweeps::TrialConfig config;
    config.method = "anomalyvfm";
    config.model.version = version;
    config.model.lora_rank = 8;
    config.model.lora_alpha = 16;
    config.model.maps = "patches";
    config.router.distance = "none";
    config.train.optimizer = "adamw";
    config.train.num_epochs = 2;
    config.train.batch_size = 8;
    if (version == "1.3") {
        config.data.scales = {128, 256, 512};
    }
    return config;
}

TaskData anomalyvfm_task(const sweeps::TrialConfig& config, torch::Device device) {
    const auto scales = static_cast<std::int64_t>(config.data.scales.size());
    const std::int64_t made = sweeps::anomaly_rows(config.synthetic, 100).total();
    Initialiser random(1, "features", torch::kCPU);
    TaskClass one;
    one.name = "c";
    // More images than channels: distances are then no matter of rounding.
    one.features = tensor_rows(random.normal({100, 1, scales, kChannels}, 1).to(device));
    one.anomalies = tensor_rows((random.normal({made, 1, scales, kChannels}, 1) + 1).to(device));
    one.maps = tensor_rows(random.normal({20, 3, 4, kChannels}, 1).to(device));
    return {0, one.features, {one}};
}

struct AnomalyVfmOutcome {
    std::vector<double> losses;
    torch::Tensor images, maps;
};

AnomalyVfmOutcome train_anomalyvfm(const std::string& version, torch::Device device, int stop) {
    const sweeps::TrialConfig config = anomalyvfm_config(version);
    const auto scales = static_cast<std::int64_t>(config.data.scales.size());
    const TaskData data = anomalyvfm_task(config, device);
    auto method = make_method(config, {1, scales, kChannels}, 7, device);
    AnomalyVfmOutcome outcome;
    TrainingHooks hooks;
    hooks.on_epoch = [&](const EpochRecord& record) { outcome.losses.push_back(record.loss); };
    hooks.stop = [&] { return --stop == 0; };
    method->begin_task(0);
    method->train(data, hooks);
    if (stop == 0) {
        StateTensors state;
        for (const auto& [name, tensor] : method->save_state()) {
            state.emplace(name, tensor.cpu());
        }
        method = make_method(config, {1, scales, kChannels}, 7, device);
        method->load_state(state);
        method->train(data, hooks);
    }
    method->update_router(data);
    Initialiser random(2, "features", torch::kCPU);
    const SharedRows images = tensor_rows(random.normal({19, 1, scales, kChannels}, 1).to(device));
    outcome.images = method->score_images(*images, 0);
    outcome.maps = method->score(random.normal({8, 3, 4, kChannels}, 1).to(device), 0);
    return outcome;
}

TEST_F(GpuMethods, AnomalyVfmTrainsAndScoresAsOnTheCpu) {
    for (const std::string version : {"1.1", "1.3", "1.4"}) {
        const AnomalyVfmOutcome cpu = train_anomalyvfm(version, torch::kCPU, -1);
        const AnomalyVfmOutcome gpu = train_anomalyvfm(version, torch::Device("cuda:0"), -1);
        ASSERT_EQ(cpu.losses.size(), gpu.losses.size());
        for (std::size_t i = 0; i < cpu.losses.size(); ++i) {
            EXPECT_NEAR(gpu.losses[i] / cpu.losses[i], 1, 1e-4) << version << " epoch " << i;
        }
        EXPECT_TRUE(torch::allclose(gpu.images, cpu.images, 1e-3, 1e-3)) << version;
        EXPECT_TRUE(torch::allclose(gpu.maps, cpu.maps, 1e-3, 1e-3)) << version;
    }
}

TEST_F(GpuMethods, AnomalyVfmGoesOnToTheSameBits) {
    for (const std::string version : {"1.1", "1.3", "1.4"}) {
        const AnomalyVfmOutcome whole = train_anomalyvfm(version, torch::Device("cuda:0"), -1);
        const AnomalyVfmOutcome resumed = train_anomalyvfm(version, torch::Device("cuda:0"), 30);
        EXPECT_EQ(whole.losses, resumed.losses) << version;
        EXPECT_TRUE(whole.images.equal(resumed.images)) << version;
        EXPECT_TRUE(whole.maps.equal(resumed.maps)) << version;
    }
}

}  // namespace
}  // namespace harrow::worker
