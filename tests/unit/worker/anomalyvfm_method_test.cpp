#include <algorithm>
#include <iostream>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "sweeps/error.hpp"
#include "tests/unit/worker/small_anomalyvfm.hpp"

namespace harrow::worker::vfm_tests {
namespace {

const std::vector<std::string> kVersions = {"1.1", "1.2", "1.3", "1.4"};

torch::Tensor scores_after_one_task(const sweeps::TrialConfig& config, std::uint64_t seed = 7) {
    const auto method = build(config, seed);
    learn(*method, make_task(0, config));
    return method->score_images(*test_images(config), 0);
}

/// Largest score of a normal image below the smallest of an anomaly: 1; by chance: 1/2.
double auroc(const torch::Tensor& normal, const torch::Tensor& anomalous) {
    const torch::Tensor higher = anomalous.unsqueeze(1) - normal.unsqueeze(0);
    return (higher.gt(0).to(torch::kFloat64) + 0.5 * higher.eq(0).to(torch::kFloat64))
        .mean()
        .item<double>();
}

TEST(AnomalyvfmMethod, ScoresDependOnTheSeedAndOnNothingElse) {
    for (const std::string& version : kVersions) {
        torch::manual_seed(1);
        const torch::Tensor first = scores_after_one_task(config_of(version));
        torch::manual_seed(2);
        EXPECT_TRUE(scores_after_one_task(config_of(version)).equal(first)) << version;
        EXPECT_FALSE(scores_after_one_task(config_of(version), 8).equal(first)) << version;
    }
}

TEST(AnomalyvfmMethod, OnlyWeightsCarriedOverTieATaskToTheOneBefore) {
    for (const std::string& version : kVersions) {
        for (const bool carry_over : {false, true}) {
            sweeps::TrialConfig config = config_of(version);
            config.model.carry_over_compat = carry_over;
            std::vector<torch::Tensor> scores;
            for (const std::uint64_t seed : {0, 50}) {
                const auto method = build(config);
                learn(*method, make_task(0, config, seed));
                const torch::Tensor before = method->score_images(*test_images(config), 0);
                learn(*method, make_task(1, config));
                EXPECT_TRUE(method->score_images(*test_images(config), 0).equal(before));
                scores.push_back(method->score_images(*test_images(config), 1));
            }
            EXPECT_EQ(scores[0].equal(scores[1]), !carry_over) << version;
        }
    }
}

TEST(AnomalyvfmMethod, ACategoryGivesTheSameWhereverItStandsInTheSequence) {
    for (const std::string& version : kVersions) {
        sweeps::TrialConfig config = config_of(version);
        config.model.extraction_dropout_compat = true;
        const TaskClass one = make_class("c", config, 1);
        const auto alone = build(config), second = build(config);
        learn(*alone, make_task(0, {one}));
        learn(*second, make_task(0, config));
        learn(*second, make_task(1, {one}));
        const SharedRows images = test_images(config);
        EXPECT_TRUE(alone->score_images(*images, 0).equal(second->score_images(*images, 1)))
            << version;
    }
}

TEST(AnomalyvfmMethod, FittingGivesSignsOfLifeAndMayEndEarly) {
    for (const std::string maps : {"none", "patches", "crops"}) {
        sweeps::TrialConfig config = config_of("1.4");
        config.model.maps = maps;
        const TaskData data = make_task(0, config);
        const auto undisturbed = build(config), method = build(config);
        learn(*undisturbed, data);
        method->begin_task(0);
        method->train(data, {});
        int calls = 0;
        const auto count = [&calls] { ++calls; };
        EXPECT_THROW(method->update_router(data,
                                           [&] {
                                               if (++calls == 3) {
                                                   throw std::runtime_error("stop");
                                               }
                                           }),
                     std::runtime_error);
        calls = 0;
        method->update_router(data, count);
        EXPECT_GE(calls, maps == "patches" ? 6 : 3) << "three batches of images, three of maps";
        EXPECT_TRUE(method->score_images(*test_images(config), 0)
                        .equal(undisturbed->score_images(*test_images(config), 0)));
    }
}

TEST(AnomalyvfmMethod, EveryOptionChangesScores) {
    struct Change {
        const char* version;
        const char* name;
        void (*apply)(sweeps::TrialConfig&);
    };
    const std::vector<Change> changes = {
        {"1.1", "use_lora", [](auto& c) { c.model.use_lora = false; }},
        {"1.1", "lora_dropout", [](auto& c) { c.model.lora_dropout = 0; }},
        {"1.1", "lora_layers", [](auto& c) { c.model.lora_layers = 2; }},
        {"1.1", "lora_init_std", [](auto& c) { c.model.lora_init_std = 0.1; }},
        {"1.1", "lora_alpha", [](auto& c) { c.model.lora_alpha = 4; }},
        {"1.1", "head_hidden", [](auto& c) { c.model.head_hidden = {12}; }},
        {"1.1", "head_dropout", [](auto& c) { c.model.head_dropout = 0; }},
        {"1.1", "weight_decay", [](auto& c) { c.train.adamw_weight_decay = 0.1; }},
        {"1.1", "sampling", [](auto& c) { c.train.sampling = "blocks_compat"; }},
        {"1.1", "normal_images", [](auto& c) { c.synthetic.normal_images = 6; }},
        {"1.1", "extraction_dropout", [](auto& c) { c.model.extraction_dropout_compat = true; }},
        {"1.3", "attention_range", [](auto& c) { c.model.attention_range = "test_compat"; }},
        {"1.3", "attention_dropout", [](auto& c) { c.model.attention_dropout = 0; }},
        {"1.3", "guide_reduction", [](auto& c) { c.model.guide_reduction = 2; }},
        {"1.3", "batch_mix", [](auto& c) { c.model.batch_mix_compat = true; }},
        {"1.3", "scale_rank_base", [](auto& c) { c.model.scale_rank_base = 32; }},
        {"1.4", "attention_range", [](auto& c) { c.model.attention_range = "test_compat"; }},
        {"1.4", "attention_weight", [](auto& c) { c.model.attention_weight = 0.5; }},
        {"1.4", "attention_heads", [](auto& c) { c.model.attention_heads = 2; }},
        {"1.4", "attention_dropout", [](auto& c) { c.model.attention_dropout = 0; }},
        {"1.4", "importance_reduction", [](auto& c) { c.model.importance_reduction = 4; }},
        {"1.4", "final_hidden", [](auto& c) { c.model.final_attention_hidden = 7; }},
        {"1.4", "batch_mix", [](auto& c) { c.model.batch_mix_compat = true; }}};
    for (const Change& change : changes) {
        sweeps::TrialConfig config = config_of(change.version);
        const torch::Tensor plain = scores_after_one_task(config);
        change.apply(config);
        const torch::Tensor scores = scores_after_one_task(config);
        EXPECT_TRUE(scores.isfinite().all().item<bool>()) << change.name;
        EXPECT_FALSE(scores.equal(plain)) << change.version << " " << change.name;
    }
}

// Normal images never vary along one direction, which the pseudo-inverse leaves out; anomalies
// differ there, by little, and nowhere else. Layers that are trained turn it into one that counts.
TEST(AnomalyvfmMethod, LearnsWhatTheBaselineCannotSee) {
    for (const std::string& version : kVersions) {
        sweeps::TrialConfig config = config_of(version);
        config.train.num_epochs = 50;
        const double s = scales_of(config) > 1 || version == "1.4" ? 1.0 : 0.5;
        const std::int64_t scales = scales_of(config);
        const auto images = [&](std::int64_t count, std::uint64_t seed, double shift) {
            const torch::Tensor rows = 1 + 0.3 * random_rows({count, 1, scales, kChannels}, seed);
            rows.select(3, kChannels - 1).fill_(shift);
            return tensor_rows(rows);
        };
        TaskClass one{"c", images(60, 1, 0), {}, {}, {}};
        one.anomalies = images(sweeps::anomaly_rows(config.synthetic, 60).total(), 2, s);
        const TaskData data = make_task(0, {one});
        const auto measured = [&] {
            const auto method = build(config);
            learn(*method, data);
            return auroc(method->score_images(*images(40, 3, 0), 0),
                         method->score_images(*images(40, 4, s), 0));
        };
        const double trained = measured();
        config.model.use_lora = false;
        const double baseline = measured();
        std::cout << "version " << version << ": AUROC " << trained << ", baseline " << baseline
                  << "\n";
        EXPECT_GT(trained, 0.95) << version;
        EXPECT_LT(baseline, 0.7) << version;
    }
}

TEST(AnomalyvfmMethod, TheBaselineTrainsNothing) {
    sweeps::TrialConfig config = config_of("1.1");
    config.model.use_lora = false;
    const auto method = build(config);
    TrainingHooks hooks;
    hooks.on_epoch = [](const EpochRecord&) { FAIL(); };
    TaskData data = make_task(0, config);
    data.classes[0].anomalies = nullptr;
    learn(*method, data, hooks);
    EXPECT_EQ(method->trained_parameters(0), 0);
    EXPECT_TRUE(method->score_images(*test_images(config), 0).isfinite().all().item<bool>());
}

TEST(AnomalyvfmMethod, CountsWhatGradientsReach) {
    const auto count = [](const sweeps::TrialConfig& config) {
        const auto method = build(config);
        learn(*method, make_task(0, config));
        return method->trained_parameters(0);
    };
    const std::int64_t head = (16 * 12 + 12) + (12 * 6 + 6) + (6 + 1);
    EXPECT_EQ(count(config_of("1.1")), 3 * 2 * 16 * 4 + head);
    const std::int64_t guide = (16 * 4 + 4) + (4 * 2 + 2) + (2 + 1);
    const std::int64_t importance = (16 * 8 + 8) + (8 * 16 + 16);
    const std::int64_t attention = 3 * 16 * 16 + 3 * 16 + 16 * 16 + 16;
    EXPECT_EQ(count(config_of("1.4")),
              3 * (2 * 16 * 4 + 2 * 16 + guide + importance) + attention + head);
}

TEST(AnomalyvfmMethod, ClassesOfATaskArePooled) {
    const sweeps::TrialConfig config = config_of("1.1");
    const TaskClass a = make_class("a", config, 1), b = make_class("b", config, 2);
    const auto scores = [&](const TaskClass& second) {
        const auto method = build(config);
        learn(*method, make_task(0, {a, second}));
        return method->score_images(*test_images(config), 0);
    };
    TaskClass other = b;
    other.anomalies = make_class("b", config, 3).anomalies;
    EXPECT_FALSE(scores(other).equal(scores(b)));
    other = b;
    other.features = make_class("b", config, 3).features;
    EXPECT_FALSE(scores(other).equal(scores(b)));
}

TEST(AnomalyvfmMethod, AClassHasItsOwnSettings) {
    sweeps::TrialConfig config = config_of("1.2");
    config.per_class = {"model.lora_alpha=4@c1", "model.lora_rank=2@c1", "train.num_epochs=1@c1"};
    const auto method = build(config);
    std::vector<int> epochs;
    TrainingHooks hooks;
    hooks.on_epoch = [&](const EpochRecord& record) { epochs.push_back(record.task); };
    learn(*method, make_task(0, config), hooks);
    learn(*method, make_task(1, config), hooks);
    EXPECT_EQ(epochs, (std::vector<int>{0, 0, 1}));
    EXPECT_EQ(method->trained_parameters(0) - method->trained_parameters(1), 3 * 2 * 16 * 2);
    const auto restored = build(config);
    restored->load_state(copy_of(method->save_state()));
    EXPECT_TRUE(restored->score_images(*test_images(config), 1)
                    .equal(method->score_images(*test_images(config), 1)));
    config.model.carry_over_compat = true;
    const auto carrying = build(config);
    learn(*carrying, make_task(0, config));
    EXPECT_THROW(learn(*carrying, make_task(1, config)), sweeps::UsageError);
}

// By default an image's score does not depend on the others of its set.
TEST(AnomalyvfmMethod, ScoresOfImagesStandForThemselves) {
    for (const std::string& version : kVersions) {
        sweeps::TrialConfig config = config_of(version);
        const SharedRows images = test_images(config);
        const SharedRows some = chosen_rows(images, {8, 9});  // not both ends of a range
        for (const bool by_set : {false, true}) {
            config.model.attention_range = by_set ? "test_compat" : "train";
            const auto method = build(config);
            learn(*method, make_task(0, config));
            const torch::Tensor all = method->score_images(*images, 0);
            EXPECT_EQ(all.scalar_type(), torch::kFloat64);
            const bool alone =
                method->score_images(*some, 0).allclose(all.slice(0, 8, 10), 1e-6, 1e-9);
            EXPECT_EQ(alone, !by_set || version == "1.1" || version == "1.2") << version;
            EXPECT_TRUE(method->score_images(*images, 0).equal(all)) << version;
        }
        EXPECT_EQ(scores_after_one_task(config).size(0), images->size());
    }
}

TEST(AnomalyvfmMethod, DropoutAtExtractionIsSeeded) {
    for (const std::string& version : kVersions) {
        sweeps::TrialConfig config = config_of(version);
        config.model.extraction_dropout_compat = true;
        config.model.maps = "patches";
        const auto method = build(config);
        learn(*method, make_task(0, config));
        const torch::Tensor once = method->score_images(*test_images(config), 0);
        EXPECT_TRUE(method->score_images(*test_images(config), 0).equal(once));
        const torch::Tensor patches = random_rows({8, 2, 3, kChannels}, 9);
        const torch::Tensor maps = method->score(patches, 0);
        EXPECT_TRUE(method->score(patches, 0).equal(maps));
        config.model.extraction_dropout_compat = false;
        const auto plain = build(config);
        learn(*plain, make_task(0, config));
        EXPECT_FALSE(plain->score(patches, 0).allclose(maps, 1e-3)) << version;
        EXPECT_FALSE(plain->score_images(*test_images(config), 0).allclose(once, 1e-3)) << version;
    }
}

// The mean squared distance of what a Gaussian was fitted to is its number of directions.
TEST(AnomalyvfmMethod, MapsAreSquaredDistances) {
    for (const std::string& version : kVersions) {
        for (const std::string maps : {"patches", "crops"}) {
            sweeps::TrialConfig config = config_of(version);
            config.model.maps = maps;
            const auto method = build(config);
            const TaskData data = make_task(0, config);
            learn(*method, data);
            double sum = 0;
            for (std::int64_t first = 0; first < kNormals; first += kBatchImages) {
                const std::int64_t present = std::min(kBatchImages, kNormals - first);
                const torch::Tensor batch =
                    maps == "patches" ? data.classes[0].maps->batch(first)
                                      : data.features->batch(first).slice(2, scales_of(config) - 1);
                const torch::Tensor scores = method->score(batch, 0);
                EXPECT_EQ(scores.scalar_type(), torch::kFloat32);
                EXPECT_EQ(scores.sizes(), batch.sizes().slice(0, 3));
                sum += scores.narrow(0, 0, present)
                           .to(torch::kFloat64)
                           .mean({1, 2})
                           .sum()
                           .item<double>();
            }
            EXPECT_NEAR(sum / kNormals, kChannels, 1e-2) << version << " " << maps;
        }
    }
}

TEST(AnomalyvfmMethod, TheConfidenceLossLooksAtMasks) {
    sweeps::TrialConfig config = config_of("1.1");
    config.model.maps = "patches";
    const torch::Tensor plain = scores_after_one_task(config);
    config.train.confidence_weight = 1;
    const torch::Tensor weighted = scores_after_one_task(config);
    EXPECT_FALSE(weighted.equal(plain));
    config.synthetic.seed = 5;  // other masks, the same features
    EXPECT_FALSE(scores_after_one_task(config).equal(weighted));
    config.synthetic.train_pixels = "wrapped_compat";
    EXPECT_TRUE(scores_after_one_task(config).isfinite().all().item<bool>());
}

TEST(AnomalyvfmMethod, RoutesByTheUnadaptedFeature) {
    for (const std::string distance : {"mahalanobis", "euclidean"}) {
        sweeps::TrialConfig config = config_of("1.3");
        config.router.distance = distance;
        config.train.num_epochs = 1;
        const auto method = build(config);
        std::vector<TaskData> tasks;
        for (int task = 0; task < 2; ++task) {
            TaskClass one = make_class("c" + std::to_string(task), config, 1);
            one.features = tensor_rows(
                random_rows({40, 1, 3, kChannels}, static_cast<std::uint64_t>(task)) + 4 * task);
            one.anomalies = make_class("", config, 1).anomalies;
            tasks.push_back(make_task(task, {one}));
            learn(*method, tasks.back());
        }
        EXPECT_TRUE(method->has_router());
        for (int task = 0; task < 2; ++task) {
            const torch::Tensor distances =
                method->route_distances(tasks[static_cast<std::size_t>(task)].features->batch(0));
            EXPECT_TRUE(distances.argmin(1).eq(task).all().item<bool>()) << distance;
        }
    }
    EXPECT_FALSE(build(config_of("1.1"))->has_router());
}

TEST(AnomalyvfmMethod, AnEpochWithoutAUsableLossHasDiverged) {
    const sweeps::TrialConfig config = config_of("1.1");
    TaskData data = make_task(0, config);
    data.classes[0].anomalies =
        tensor_rows(data.classes[0].anomalies->gather({0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}) *
                    std::numeric_limits<float>::quiet_NaN());
    const auto method = build(config);
    method->begin_task(0);
    EXPECT_THROW(method->train(data, {}), TrainingDiverged);
}

TEST(AnomalyvfmMethod, RefusesWhatDoesNotSuit) {
    sweeps::TrialConfig config = config_of("1.5");
    EXPECT_THROW(build(config), sweeps::UsageError);
    config = config_of("1.1");
    config.data.scales = {8, 16};
    EXPECT_THROW(build(config), sweeps::UsageError);
    config = config_of("1.4");
    config.model.attention_heads = 3;
    EXPECT_THROW(build(config), sweeps::UsageError);
    config = config_of("1.1");
    config.train.optimizer = "sgd";
    EXPECT_THROW(build(config), sweeps::UsageError);
    EXPECT_THROW(make_method(config_of("1.1"), {4, 4, kChannels}, 1, torch::kCPU),
                 sweeps::UsageError);
    config = config_of("1.3");
    config.model.batch_mix_compat = true;
    config.model.batch_mix_size = kNormals + 1;
    const auto method = build(config);
    method->begin_task(0);
    EXPECT_THROW(method->train(make_task(0, config), {}), sweeps::DataError);
}

}  // namespace
}  // namespace harrow::worker::vfm_tests
