#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "sweeps/trial_config.hpp"
#include "tests/unit/worker/small_method.hpp"
#include "worker/method.hpp"
#include "worker/methods/initialiser.hpp"
#include "worker/methods/moleflow/moleflow_model.hpp"
#include "worker/methods/moleflow/training.hpp"
#include "worker/methods/router.hpp"

namespace harrow::worker {
namespace {

torch::Tensor score_after_one_task(const sweeps::TrialConfig& config, std::uint64_t seed) {
    const auto method = build(config, seed);
    learn(*method, make_task(0));
    return method->score(random_features(8, 1, 3), 0);
}

TEST(MethodTest, LaterTasksLeaveAnIsolatedExpertBitIdentical) {
    const auto method = build(small_config());
    ASSERT_TRUE(method->has_isolated_experts());
    const torch::Tensor images = random_features(8, 1, 3);
    learn(*method, make_task(0));
    const torch::Tensor before = method->score(images, 0).clone();
    learn(*method, make_task(1));
    EXPECT_TRUE(method->score(images, 0).equal(before));
    EXPECT_FALSE(method->score(images, 1).equal(before));
}

TEST(MethodTest, UnfrozenBaseForgets) {
    sweeps::TrialConfig config = small_config();
    config.model.unfreeze_base = true;
    const auto method = build(config);
    EXPECT_FALSE(method->has_isolated_experts());
    const torch::Tensor images = random_features(8, 1, 3);
    learn(*method, make_task(0));
    const torch::Tensor before = method->score(images, 0).clone();
    learn(*method, make_task(1));
    EXPECT_FALSE(method->score(images, 0).equal(before));
}

TEST(MethodTest, FinetuneForgetsAndHasNoRouter) {
    sweeps::TrialConfig config = small_config();
    config.method = "finetune";
    const auto method = build(config);
    EXPECT_FALSE(method->has_isolated_experts());
    EXPECT_FALSE(method->has_router());
    const torch::Tensor images = random_features(8, 1, 3);
    learn(*method, make_task(0));
    const torch::Tensor before = method->score(images, 0).clone();
    learn(*method, make_task(1));
    EXPECT_FALSE(method->score(images, 0).equal(before));
    EXPECT_TRUE(method->score(images, 0).equal(method->score(images, 1)));
    EXPECT_EQ(method->route_distances(images).sizes(), (std::vector<std::int64_t>{8, 0}));
}

TEST(MethodTest, ScoresDependOnTheSeedAndOnNothingElse) {
    torch::manual_seed(1);
    const torch::Tensor first = score_after_one_task(small_config(), 7);
    torch::manual_seed(2);
    EXPECT_TRUE(score_after_one_task(small_config(), 7).equal(first));
    EXPECT_FALSE(score_after_one_task(small_config(), 8).equal(first));
}

TEST(MethodTest, RoutesTrainingImagesToTheirTask) {
    for (const std::string distance : {"mahalanobis", "euclidean"}) {
        sweeps::TrialConfig config = small_config();
        config.router.distance = distance;
        config.train.num_epochs = 1;
        const auto method = build(config);
        for (int task = 0; task < 3; ++task) {
            learn(*method, make_task(task, 24));
            EXPECT_EQ(method->route_distances(make_task(0).features->batch(0)).size(1), task + 1);
        }
        for (int task = 0; task < 3; ++task) {
            const torch::Tensor distances =
                method->route_distances(make_task(task, 24).features->batch(8));
            EXPECT_EQ(distances.scalar_type(), torch::kFloat64);
            EXPECT_TRUE(distances.ge(0).all().item<bool>());
            EXPECT_TRUE(distances.argmin(1).eq(task).all().item<bool>()) << distance << task;
        }
    }
}

TEST(RouterTest, ImageFeaturesAreTheMeanOverPatches) {
    const torch::Tensor patches = random_features(19, 5, 3);  // two full slices and a rest
    const torch::Tensor features = image_features(patches);
    EXPECT_EQ(features.scalar_type(), torch::kFloat64);
    EXPECT_TRUE(features.equal(patches.to(torch::kFloat64).mean({1, 2})));
    EXPECT_TRUE(features.slice(0, 8, 16).equal(image_features(patches.slice(0, 8, 16))));
    EXPECT_TRUE(image_features(*tensor_rows(patches)).equal(features));
}

TEST(MethodTest, EveryOptionTrainsAndScores) {
    using Change = void (*)(sweeps::TrialConfig&);
    const std::vector<std::pair<std::string, Change>> changes = {
        {"wo_dia", [](auto& c) { c.model.dia_n_blocks = 0; }},
        {"wo_flow", [](auto& c) { c.model.num_coupling_layers = 0; }},
        {"wo_adapter", [](auto& c) { c.model.adapter = "none"; }},
        {"wo_lora", [](auto& c) { c.model.use_lora = false; }},
        {"wo_task_bias", [](auto& c) { c.model.use_task_bias = false; }},
        {"wo_router", [](auto& c) { c.router.distance = "none"; }},
        {"wo_pos_embedding", [](auto& c) { c.model.pos_embedding = false; }},
        {"wo_spatial_context", [](auto& c) { c.model.spatial_context_mode = "none"; }},
        {"depthwise", [](auto& c) { c.model.spatial_context_mode = "depthwise"; }},
        {"local_stats", [](auto& c) { c.model.spatial_context_mode = "local_stats"; }},
        {"full", [](auto& c) { c.model.spatial_context_mode = "full"; }},
        {"wo_scale_context", [](auto& c) { c.model.use_scale_context = false; }},
        {"wo_tail_aware_loss", [](auto& c) { c.train.tail_aware_loss = false; }},
        {"wo_logdet", [](auto& c) { c.train.lambda_logdet = 0; }},
        {"adamw", [](auto& c) { c.train.optimizer = "adamw"; }},
        {"pypi02", [](auto& c) { c.model.clamp_variant = "pypi02"; }},
        {"lora_alpha", [](auto& c) { c.model.lora_alpha = 8; }},
    };
    const torch::Tensor plain = score_after_one_task(small_config(), 7);
    for (const auto& [name, change] : changes) {
        sweeps::TrialConfig config = small_config();
        change(config);
        const auto method = build(config);
        learn(*method, make_task(0));
        learn(*method, make_task(1));
        const torch::Tensor images = random_features(8, 1, 3);
        EXPECT_TRUE(method->score(images, 1).isfinite().all().item<bool>()) << name;
        if (name != "wo_router") {
            EXPECT_FALSE(method->score(images, 0).equal(plain)) << name << " changes nothing";
        }
    }
}

// Nothing belongs to a task here: later experts are what the shared tensors compute.
TEST(MethodTest, AllSharedModelIsEvaluatedAsTrainedFirst) {
    sweeps::TrialConfig config = small_config();
    config.model.use_lora = false;
    config.model.dia_n_blocks = 0;
    config.model.adapter = "none";
    const auto method = build(config);
    learn(*method, make_task(0));
    learn(*method, make_task(1));
    const torch::Tensor images = random_features(8, 1, 3);
    EXPECT_TRUE(method->score(images, 1).equal(method->score(images, 0)));
}

TEST(MethodTest, ReportsEveryEpochAndStopsWhenAsked) {
    const auto method = build(small_config());
    std::vector<EpochRecord> records;
    TrainingHooks hooks;
    hooks.on_epoch = [&](const EpochRecord& record) { records.push_back(record); };
    learn(*method, make_task(0), hooks);
    ASSERT_EQ(records.size(), 3u);
    EXPECT_EQ(records[2].epoch, 2);
    EXPECT_EQ(records[0].lr, small_config().train.lr);
    EXPECT_LT(records[2].loss, records[0].loss);
    EXPECT_GT(records[0].grad_norm, 0);
    EXPECT_EQ(records[0].skipped_batches, 0);

    int batches = 0;
    hooks.stop = [&] { return ++batches == 3; };
    records.clear();
    method->begin_task(1);
    method->train(make_task(1), hooks);
    EXPECT_EQ(batches, 3);
    EXPECT_EQ(records.size(), 1u);
}

TEST(MethodTest, OneOrTwoEpochsAreEnoughForEverySchedule) {
    for (const int epochs : {1, 2}) {
        sweeps::TrialConfig config = small_config();
        config.train.num_epochs = epochs;
        const auto method = build(config);
        learn(*method, make_task(0));
        learn(*method, make_task(1));
        EXPECT_TRUE(method->score(random_features(8, 1, 3), 1).isfinite().all().item<bool>());
    }
}

TEST(MethodTest, UnusableBatchesAreSkippedAndCounted) {
    const torch::Tensor features = random_features(8, 100, 3);
    features[0].fill_(std::numeric_limits<float>::quiet_NaN());
    const TaskData data{0, tensor_rows(features)};
    const auto method = build(small_config());
    std::vector<EpochRecord> records;
    TrainingHooks hooks;
    hooks.on_epoch = [&](const EpochRecord& record) { records.push_back(record); };
    method->begin_task(0);
    method->train(data, hooks);
    ASSERT_EQ(records.size(), 3u);
    for (const EpochRecord& record : records) {
        EXPECT_EQ(record.skipped_batches, 1);
        EXPECT_TRUE(std::isfinite(record.loss));
    }
}

TEST(MethodTest, AnEpochWithoutOneUsableBatchHasDiverged) {
    const torch::Tensor features = random_features(10, 100, 3);
    features.fill_(std::numeric_limits<float>::quiet_NaN());
    const TaskData data{0, tensor_rows(features)};
    const auto method = build(small_config());
    method->begin_task(0);
    try {
        method->train(data, {});
        FAIL() << "no exception";
    } catch (const TrainingDiverged& error) {
        EXPECT_EQ(error.task(), 0);
        EXPECT_EQ(error.epoch(), 0);
        EXPECT_TRUE(std::isnan(error.last_loss()));
    }
}

// What a device does without being waited for must end where a checked step ends, unusable batches
// included.
TEST(MethodTest, UnseenStepsEndWhereCheckedStepsEnd) {
    for (const bool with_bad_image : {false, true}) {
        const torch::Tensor features = random_features(8, 100, 3);
        if (with_bad_image) {
            features[0].fill_(std::numeric_limits<float>::quiet_NaN());
        }
        const TaskData data{0, tensor_rows(features)};
        std::vector<std::vector<torch::Tensor>> trained;
        std::vector<std::vector<double>> losses;
        for (const LossCheck check : {LossCheck::EveryStep, LossCheck::EveryEpoch}) {
            Initialiser init(3, "init", torch::kCPU);
            MoleflowModel model(small_config().model, kGeometry, init, torch::kCPU);
            model.add_expert(init);
            TrainingHooks hooks;
            losses.emplace_back();
            hooks.on_epoch = [&](const EpochRecord& record) {
                losses.back().insert(losses.back().end(), {record.loss, record.grad_norm});
            };
            TrainingProgress progress;
            train_expert(model,
                         {0, Freezing::Isolate, Schedule::Base, check},
                         data,
                         small_config().train,
                         3,
                         torch::kCPU,
                         hooks,
                         progress);
            trained.push_back(trained_tensors(model.named_tensors(), 0, Freezing::Isolate));
        }
        EXPECT_EQ(losses[0], losses[1]);
        for (std::size_t i = 0; i < trained[0].size(); ++i) {
            EXPECT_TRUE(trained[0][i].equal(trained[1][i])) << i;
        }
    }
}

TEST(MethodTest, RefusesWhatItCannotTrain) {
    const auto method = build(small_config());
    method->begin_task(0);
    EXPECT_THROW(method->train(make_task(0, 3), {}), sweeps::DataError);

    sweeps::TrialConfig config = small_config();
    EXPECT_THROW(make_method(config, {4, 4, 6}, 1, torch::kCPU), sweeps::UsageError);
    config.method = "joint";
    EXPECT_THROW(build(config), sweeps::UsageError);
    config = small_config();
    config.model.adapter = "soft_ln";
    EXPECT_THROW(build(config), sweeps::UsageError);
    config = small_config();
    config.train.optimizer = "sgd";
    EXPECT_THROW(build(config), sweeps::UsageError);
}

TEST(MethodTest, GlobalAffineAndPermutationsAreNeverTrained) {
    Initialiser init(3, "init", torch::kCPU);
    MoleflowModel model(small_config().model, kGeometry, init, torch::kCPU);
    model.add_expert(init);
    std::vector<NamedTensor> fixed;
    for (const NamedTensor& named : model.named_tensors()) {
        if (named.role == TensorRole::Fixed) {
            fixed.push_back({named.name, named.tensor.clone(), named.role, -1});
        }
    }
    ASSERT_FALSE(fixed.empty());
    TrainingProgress progress;
    train_expert(model,
                 {0, Freezing::UnfreezeBase, Schedule::Base, LossCheck::EveryStep},
                 make_task(0),
                 small_config().train,
                 3,
                 torch::kCPU,
                 {},
                 progress);
    for (const NamedTensor& before : fixed) {
        for (const NamedTensor& after : model.named_tensors()) {
            if (after.name == before.name) {
                EXPECT_TRUE(after.tensor.equal(before.tensor)) << before.name;
            }
        }
    }
}

}  // namespace
}  // namespace harrow::worker
