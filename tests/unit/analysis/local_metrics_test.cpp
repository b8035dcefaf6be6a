#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "analysis/metrics/image_overlap_curve.hpp"
#include "analysis/normal_scores.hpp"
#include "analysis/score_map.hpp"
#include "analysis/scoring.hpp"
#include "sweeps/error.hpp"
#include "sweeps/metric_names.hpp"
#include "sweeps/random.hpp"

namespace harrow::analysis {
namespace {

constexpr int kTests = 6, kNormals = 5, kSide = 4, kMapSize = 12, kTasks = 2;

/// Class `task` of two tasks; each image has a map and a score under either expert. After the last
/// task the router gives image 0 of the first class to the other expert.
storage::ClassScores class_scores(int task, int images, const std::string& stream) {
    sweeps::RandomStream random(static_cast<std::uint64_t>(task), stream);
    storage::ClassScores scores;
    scores.class_name = task == 0 ? "can" : "vial";
    scores.task = task;
    scores.images = images;
    scores.height = scores.width = kSide;
    for (int expert = 0; expert < kTasks; ++expert) {
        for (int image = 0; image < images; ++image) {
            const bool is_defective = images == kTests && image >= 3;
            for (int patch = 0; patch < kSide * kSide; ++patch) {
                scores.maps.push_back(static_cast<float>(random.normal() + expert +
                                                         (is_defective && patch < 6 ? 4.0 : 0.0)));
            }
            scores.image_scores.push_back(random.normal() + expert + (is_defective ? 5 : 0));
        }
    }
    for (int after = 0; after < kTasks; ++after) {
        for (int image = 0; image < images; ++image) {
            const bool is_seen = after >= task;
            const int routed = after == 1 && task == 0 && image == 0 ? 1 : task;
            scores.routed_task.push_back(is_seen ? routed : -1);
            scores.routed_map.push_back(is_seen ? routed * images + image : -1);
            scores.oracle_map.push_back(is_seen ? task * images + image : -1);
        }
    }
    return scores;
}

storage::PatchScores training() {
    storage::PatchScores scores;
    scores.training_key = "key";
    scores.num_tasks = kTasks;
    scores.has_router = true;
    for (int task = 0; task < kTasks; ++task) {
        scores.classes.push_back(class_scores(task, kTests, "tested"));
        scores.validation_split.push_back(class_scores(task, kNormals, "normal"));
    }
    return scores;
}

storage::PatchScores without_maps() {
    storage::PatchScores scores = training();
    for (auto* classes : {&scores.classes, &scores.validation_split}) {
        for (storage::ClassScores& one : *classes) {
            one.height = one.width = 0;
            one.maps.clear();
        }
    }
    return scores;
}

std::vector<std::uint8_t> top_mask(std::size_t image, int size) {
    std::vector<std::uint8_t> mask(static_cast<std::size_t>(size * size), 0);
    std::fill_n(mask.begin(), image >= 3 ? size * size / 3 : 0, std::uint8_t{1});
    return mask;
}

std::vector<ClassTruth> truth_of(const storage::PatchScores& scores) {
    std::vector<ClassTruth> truth;
    for (const storage::ClassScores& one : scores.classes) {
        truth.push_back({one.class_name, {0, 0, 0, 1, 1, 1}, top_mask});
    }
    return truth;
}

sweeps::ScoreConfig small_config() {
    sweeps::ScoreConfig config;
    config.map_size = kMapSize;
    config.smoothing_sigma = 0.5;
    return config;
}

using RowKey = std::tuple<int, std::string, std::string, std::string>;

std::map<RowKey, double> by_key(const TrialScoring& trial) {
    std::map<RowKey, double> rows;
    for (const sweeps::MetricRow& row : trial.rows) {
        EXPECT_TRUE(sweeps::is_metric(row.metric)) << row.metric;
        rows[{row.after_task, row.class_name, row.routing, row.metric}] = row.value;
    }
    return rows;
}

TrialScoring score(const storage::PatchScores& scores, const sweeps::ScoreConfig& config) {
    return score_training(scores, truth_of(scores), {config}).at(0);
}

/// Scores of all pixels, or of the images, after the last task; in one list.
std::vector<double> plain_scores(const storage::ClassScores& of, bool routed, bool of_pixels) {
    const auto& table = routed ? of.routed_map : of.oracle_map;
    std::vector<double> scores;
    ScoreMapper mapper(kSide, kSide, kMapSize, 0.5);
    std::vector<float> map(kMapSize * kMapSize);
    for (std::int64_t image = 0; image < of.images; ++image) {
        const auto at =
            static_cast<std::size_t>(table[static_cast<std::size_t>(of.images + image)]);
        if (of_pixels) {
            mapper.render(of.maps.data() + at * kSide * kSide, map.data());
            scores.insert(scores.end(), map.begin(), map.end());
        } else {
            scores.push_back(of.image_scores[at]);
        }
    }
    return scores;
}

double plain_threshold(const std::vector<double>& scores, double deviations) {
    long double sum = 0, squares = 0;
    for (const double score : scores) {
        sum += score;
    }
    const long double mean = sum / static_cast<long double>(scores.size());
    for (const double score : scores) {
        squares += (score - mean) * (score - mean);
    }
    const long double variance = squares / static_cast<long double>(scores.size());
    return static_cast<double>(mean + deviations * std::sqrt(variance));
}

double plain_f1(const std::vector<double>& scores, double threshold, bool of_pixels) {
    double both = 0, predicted = 0, defective = 0;
    for (std::size_t i = 0; i < scores.size(); ++i) {
        const std::size_t pixels = kMapSize * kMapSize;
        const bool is_defect = of_pixels ? top_mask(i / pixels, kMapSize)[i % pixels] != 0 : i >= 3;
        predicted += scores[i] >= threshold ? 1 : 0;
        defective += is_defect ? 1 : 0;
        both += scores[i] >= threshold && is_defect ? 1 : 0;
    }
    return 2 * both / (predicted + defective);
}

TEST(LocalMetricsTest, TheThresholdIsOfTheSplitsScoresAsRouted) {
    const storage::PatchScores scores = training();
    for (const double deviations : {1.0, 3.0}) {
        sweeps::ScoreConfig config = small_config();
        config.threshold_deviations = deviations;
        const auto rows = by_key(score(scores, config));
        for (std::size_t c = 0; c < 2; ++c) {
            for (const bool routed : {true, false}) {
                for (const bool of_pixels : {true, false}) {
                    const double threshold = plain_threshold(
                        plain_scores(scores.validation_split[c], routed, of_pixels), deviations);
                    EXPECT_NEAR(rows.at({1,
                                         scores.classes[c].class_name,
                                         routed ? "routed" : "oracle",
                                         of_pixels ? "segf1_local" : "classf1_local"}),
                                plain_f1(plain_scores(scores.classes[c], routed, of_pixels),
                                         threshold,
                                         of_pixels),
                                1e-12)
                        << c << routed << of_pixels << deviations;
                }
            }
        }
        EXPECT_NEAR(rows.at({1, "mean", "oracle", "segf1_local"}),
                    (rows.at({1, "can", "oracle", "segf1_local"}) +
                     rows.at({1, "vial", "oracle", "segf1_local"})) /
                        2,
                    1e-15);
        EXPECT_EQ(rows.at({1, "mean", "oracle", "segf1_local.fm"}), 0.0);
    }
}

TEST(LocalMetricsTest, LevelsAreOfAllPixelsOverN) {
    const storage::PatchScores scores = training();
    const storage::ClassScores& split = scores.validation_split[0];
    ClassTruth truth{split.class_name, std::vector<std::uint8_t>(kNormals, 0), {}};
    NormalScores normal(ClassMaps(scores, split, truth));
    for (const Routing routing : {Routed, Oracle}) {
        for (const double deviations : {0.0, 3.0}) {
            EXPECT_NEAR(normal.pixels(1, routing, small_config())->threshold(deviations),
                        plain_threshold(plain_scores(split, routing == Routed, true), deviations),
                        1e-12);
            EXPECT_NEAR(normal.images(1, routing, small_config())->threshold(deviations),
                        plain_threshold(plain_scores(split, routing == Routed, false), deviations),
                        1e-12);
        }
    }
}

TEST(LocalMetricsTest, WhatReachesTheThresholdIsPredicted) {
    storage::PatchScores scores = training();
    for (auto* classes : {&scores.classes, &scores.validation_split}) {
        for (storage::ClassScores& one : *classes) {
            std::fill(one.maps.begin(), one.maps.end(), 2.0F);
            std::fill(one.image_scores.begin(), one.image_scores.end(), 2.0);
        }
    }
    const auto rows = by_key(score(scores, small_config()));
    EXPECT_NEAR(rows.at({0, "can", "oracle", "classf1_local"}), 2 / 3.0, 1e-15);
    EXPECT_NEAR(rows.at({0, "can", "oracle", "segf1_local"}), 2 / 7.0, 1e-15);  // of 3 / 18
}

TEST(LocalMetricsTest, WithoutTheSplitNothingChangesButTheirRows) {
    storage::PatchScores scores = training();
    const auto with = by_key(score(scores, small_config()));
    scores.validation_split.clear();
    const auto without = by_key(score(scores, small_config()));
    for (const auto& [key, value] : without) {
        EXPECT_EQ(with.at(key), value);
        EXPECT_FALSE(sweeps::is_local_metric(std::get<3>(key)));
    }
    // 2 metrics × 2 routings × (3 classes seen + 2 means + 5 of the sequence)
    EXPECT_EQ(with.size(), without.size() + 2U * 2 * 10);
}

TEST(LocalMetricsTest, NothingPredictedIsZeroWhereThereAreDefects) {
    sweeps::ScoreConfig config = small_config();
    config.threshold_deviations = 1000;
    const storage::PatchScores scores = training();
    EXPECT_EQ(by_key(score(scores, config)).at({0, "can", "routed", "segf1_local"}), 0.0);
    EXPECT_EQ(by_key(score(scores, config)).at({0, "can", "routed", "classf1_local"}), 0.0);

    std::vector<ClassTruth> truth = truth_of(scores);
    truth[0].labels.assign(kTests, 0);
    truth[0].mask = [](std::size_t, int size) {
        return std::vector<std::uint8_t>(static_cast<std::size_t>(size * size), 0);
    };
    const TrialScoring trial = score_training(scores, truth, {config}).at(0);
    EXPECT_EQ(by_key(trial).count({0, "can", "routed", "segf1_local"}), 0U);
    config.threshold_deviations = 0;  // now some are predicted
    const auto predicted = by_key(score_training(scores, truth, {config}).at(0));
    EXPECT_EQ(predicted.count({0, "can", "routed", "segf1_local"}), 0U);
    EXPECT_EQ(std::count_if(trial.undefined.begin(),
                            trial.undefined.end(),
                            [](const std::string& reason) {
                                return reason.find(
                                           "segf1_local is undefined because no test "
                                           "pixel is defective") !=
                                       std::string::npos;
                            }),
              1);
}

TEST(LocalMetricsTest, ImageScoresAreRankedAsDoubles) {
    storage::PatchScores scores = without_maps();
    scores.classes.resize(1);
    scores.validation_split.clear();
    std::vector<double>& own = scores.classes[0].image_scores;
    // Of the class's own expert: equal as floats.
    own = {1, 1 + 1e-12, 1 + 3e-12, 1 + 2e-12, 1 + 4e-12, 1 + 5e-12, 0, 0, 0, 0, 0, 0};
    const auto rows = by_key(score(scores, small_config()));
    EXPECT_NEAR(rows.at({0, "can", "oracle", "image_auroc"}), 8 / 9.0, 1e-15);
    EXPECT_NEAR(rows.at({0, "can", "oracle", "image_f1max"}), 6 / 7.0, 1e-15);
}

TEST(LocalMetricsTest, WithoutMapsImagesAloneAreMeasured) {
    const TrialScoring trial = score(without_maps(), small_config());
    const TrialScoring full = score(training(), small_config());
    ASSERT_FALSE(trial.invalid_scores);
    const auto expected = by_key(full);
    for (const auto& [key, value] : by_key(trial)) {
        EXPECT_FALSE(sweeps::needs_maps(std::get<3>(key))) << std::get<3>(key);
        EXPECT_EQ(value, expected.at(key));
    }
    EXPECT_EQ(by_key(trial).count({1, "mean", "routed", "classf1_local"}), 1U);
    ASSERT_EQ(trial.undefined.size(), 1U) << "said once, not per class";
    EXPECT_NE(trial.undefined[0].find("model.maps is none"), std::string::npos);
}

TEST(LocalMetricsTest, ScoresThatAreNotFiniteFailTheTrial) {
    for (const bool of_split : {false, true}) {
        storage::PatchScores scores = without_maps();
        auto& broken = of_split ? scores.validation_split[1] : scores.classes[1];
        broken.image_paths.resize(static_cast<std::size_t>(broken.images), "vial/x.png");
        broken.image_scores[static_cast<std::size_t>(broken.images) + 2] =
            std::numeric_limits<double>::infinity();
        const TrialScoring trial = score(scores, small_config());
        ASSERT_TRUE(trial.invalid_scores);
        EXPECT_TRUE(trial.rows.empty());
        EXPECT_NE(trial.invalid_scores->find(of_split ? "1 of 5 validation images have NaN or "
                                                        "infinite scores, the first is image 2 "
                                                        "(vial/x.png)"
                                                      : "1 of 6 test images have NaN"),
                  std::string::npos)
            << *trial.invalid_scores;
        sweeps::ScoreConfig compatible = small_config();
        compatible.nan_compat = true;
        EXPECT_FALSE(score(scores, compatible).invalid_scores);
    }
}

TEST(LocalMetricsTest, ShapesThatContradictAreRefused) {
    storage::PatchScores scores = without_maps();
    scores.classes[0].image_scores.clear();
    EXPECT_THROW(score(scores, small_config()), sweeps::StorageError);
    scores = training();
    scores.classes[0].maps.pop_back();
    EXPECT_THROW(score(scores, small_config()), sweeps::StorageError);
    scores = training();
    scores.validation_split[1].task = 0;
    EXPECT_THROW(score(scores, small_config()), sweeps::StorageError);
}

TEST(LocalMetricsTest, AucproIsOfTheFirstDefectiveImages) {
    const storage::PatchScores scores = training();
    const auto plain = by_key(score(scores, small_config()));
    EXPECT_EQ(plain.count({1, "can", "oracle", "aucpro_compat"}), 0U) << "only when asked for";
    for (const int wanted : {0, 1, 2}) {
        for (const bool rescaled : {true, false}) {
            sweeps::ScoreConfig config = small_config();
            config.aucpro_compat = true;
            config.aucpro_thresholds = 50;
            config.aucpro_images = wanted;
            config.aucpro_rescale = rescaled;
            const std::vector<double> all = plain_scores(scores.classes[0], false, true);
            ImageOverlapCurve curve(50);
            for (int image = 3; image < (wanted == 0 ? kTests : 3 + wanted); ++image) {
                const auto first = all.begin() + image * kMapSize * kMapSize;
                std::vector<float> map(first, first + kMapSize * kMapSize);
                const float low = *std::min_element(map.begin(), map.end());
                const float high = *std::max_element(map.begin(), map.end());
                for (float& value : map) {
                    value = rescaled ? (value - low) / (high - low) : value;
                }
                curve.add_image(map.data(),
                                top_mask(static_cast<std::size_t>(image), kMapSize).data(),
                                kMapSize,
                                kMapSize);
            }
            EXPECT_EQ(by_key(score(scores, config)).at({1, "can", "oracle", "aucpro_compat"}),
                      curve.area().value())
                << wanted << rescaled;
        }
    }
}

TEST(LocalMetricsTest, ConfigurationsScoredTogetherEqualThoseScoredAlone) {
    const storage::PatchScores scores = training();
    std::vector<sweeps::ScoreConfig> configs(5, small_config());
    configs[1].threshold_deviations = 0.5;
    configs[2].aucpro_compat = true;
    configs[3].aucpro_compat = true;
    configs[3].aucpro_images = 1;
    configs[4].map_size = 8;
    const auto together = score_training(scores, truth_of(scores), configs);
    for (std::size_t i = 0; i < configs.size(); ++i) {
        EXPECT_EQ(by_key(together[i]), by_key(score(scores, configs[i]))) << i;
    }
}

TEST(LocalMetricsTest, NamesSayThatTheyAreLocal) {
    EXPECT_TRUE(sweeps::is_local_metric("segf1_local.acc"));
    EXPECT_FALSE(sweeps::is_local_metric("aucpro_compat"));
    EXPECT_FALSE(sweeps::is_metric("segf1")) << "the server's: nothing here computes it";
    for (const std::string& name : sweeps::test_metric_names()) {
        EXPECT_TRUE(sweeps::is_metric(name + ".bwt")) << name;
        EXPECT_TRUE(sweeps::is_higher_better(name)) << name;
    }
    EXPECT_TRUE(sweeps::is_metric("routing_acc"));
}

}  // namespace
}  // namespace harrow::analysis
