#include "analysis/scoring.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "analysis/metrics/aupro.hpp"
#include "analysis/score_map.hpp"
#include "sweeps/error.hpp"
#include "sweeps/metric_names.hpp"

namespace harrow::analysis {
namespace {

constexpr int kImages = 6, kSide = 4;

// Three tasks of one class each. Map e * kImages + n = image n under expert e. Images 3, 4, 5 are
// defective: the class's own expert scores them high, the others low.
storage::ClassScores class_scores(int task, std::mt19937& random) {
    storage::ClassScores scores;
    scores.class_name = std::string(1, static_cast<char>('a' + task));
    scores.task = task;
    scores.images = kImages;
    scores.height = scores.width = kSide;
    std::uniform_real_distribution<float> noise(0, 1);
    for (int expert = 0; expert < 3; ++expert) {
        for (int image = 0; image < kImages; ++image) {
            for (int patch = 0; patch < kSide * kSide; ++patch) {
                const bool is_defect = expert == task && image >= 3 && patch == 5;
                const bool is_missed = expert != task && image >= 3;
                scores.maps.push_back(noise(random) + (is_defect   ? 4.0F
                                                       : is_missed ? -2.0F
                                                                   : 0.0F));
            }
            scores.image_paths.push_back("test/" + std::to_string(image) + ".png");
        }
    }
    for (int after = 0; after < 3; ++after) {
        for (int image = 0; image < kImages; ++image) {
            const bool is_seen = after >= task;
            // After the last task the router sends image 0 and 3 of class a to expert 2.
            const int routed = after == 2 && task == 0 && image % 3 == 0 ? 2 : task;
            scores.routed_task.push_back(is_seen ? routed : -1);
            scores.routed_map.push_back(is_seen ? routed * kImages + image : -1);
            scores.oracle_map.push_back(is_seen ? task * kImages + image : -1);
        }
    }
    return scores;
}

storage::PatchScores training() {
    std::mt19937 random(3);
    storage::PatchScores scores;
    scores.training_key = "key";
    scores.num_tasks = 3;
    scores.has_router = true;
    for (int task = 0; task < 3; ++task) {
        scores.classes.push_back(class_scores(task, random));
    }
    return scores;
}

// Defects fill the upper left quarter, more than the patch that is scored high.
std::vector<std::uint8_t> corner_mask(std::size_t image, int size) {
    std::vector<std::uint8_t> mask(static_cast<std::size_t>(size) * size, 0);
    for (int y = 0; image >= 3 && y < size / 2; ++y) {
        std::fill_n(mask.begin() + y * size, size / 2, std::uint8_t{1});
    }
    return mask;
}

std::vector<ClassTruth> truth_of(const storage::PatchScores& scores) {
    std::vector<ClassTruth> truth;
    for (const auto& one : scores.classes) {
        truth.push_back({one.class_name, {0, 0, 0, 1, 1, 1}, corner_mask});
    }
    return truth;
}

sweeps::ScoreConfig small_config() {
    sweeps::ScoreConfig config;
    config.map_size = 16;
    config.smoothing_sigma = 0.5;
    return config;
}

using RowKey = std::tuple<int, std::string, std::string, std::string>;

std::map<RowKey, double> by_key(const TrialScoring& trial) {
    std::map<RowKey, double> rows;
    for (const sweeps::MetricRow& row : trial.rows) {
        EXPECT_TRUE(
            rows.emplace(RowKey{row.after_task, row.class_name, row.routing, row.metric}, row.value)
                .second)
            << "twice: " << row.metric;
        EXPECT_TRUE(sweeps::is_metric(row.metric)) << row.metric;
    }
    return rows;
}

TEST(ScoringTest, EverySeenClassIsScoredAfterEveryTask) {
    const storage::PatchScores scores = training();
    const auto trial = score_training(scores, truth_of(scores), {small_config()}).at(0);
    EXPECT_FALSE(trial.invalid_scores);
    EXPECT_TRUE(trial.undefined.empty());
    const auto rows = by_key(trial);
    EXPECT_EQ(rows.count({0, "a", "oracle", "image_auroc"}), 1U);
    EXPECT_EQ(rows.count({0, "b", "oracle", "image_auroc"}), 0U);
    EXPECT_EQ(rows.count({2, "c", "routed", "pixel_f1max"}), 1U);
    EXPECT_EQ(rows.count({2, "c", "oracle", "aupro"}), 1U);
    // classes seen 1 + 2 + 3, means 3; 15 rows each; 5 continual × 2 routings × 7 metrics
    EXPECT_EQ(trial.rows.size(), 9U * 15 + 70);
    for (const auto& [key, value] : rows) {
        if (std::get<2>(key) == "oracle" && std::get<3>(key) == "image_auroc") {
            EXPECT_EQ(value, 1.0);
        }
    }
}

TEST(ScoringTest, RoutingAccuracyAndForgettingFollowTheRouter) {
    const storage::PatchScores scores = training();
    const auto rows = by_key(score_training(scores, truth_of(scores), {small_config()}).at(0));
    EXPECT_EQ(rows.at({1, "a", "routed", "routing_acc"}), 1.0);
    EXPECT_NEAR(rows.at({2, "a", "routed", "routing_acc"}), 4 / 6.0, 1e-15);
    EXPECT_NEAR(rows.at({2, "mean", "routed", "routing_acc"}), (4 / 6.0 + 2) / 3, 1e-15);
    EXPECT_EQ(rows.count({2, "a", "oracle", "routing_acc"}), 0U);

    const double before = rows.at({1, "a", "routed", "image_auroc"});
    const double after = rows.at({2, "a", "routed", "image_auroc"});
    EXPECT_LT(after, before);
    EXPECT_NEAR(rows.at({2, "mean", "routed", "image_auroc.fm"}), (before - after) / 2, 1e-15);
    EXPECT_NEAR(rows.at({2, "mean", "routed", "image_auroc.bwt"}), (after - before) / 2, 1e-15);
    EXPECT_EQ(rows.at({2, "mean", "oracle", "image_auroc.fm"}), 0.0);
    EXPECT_EQ(rows.at({2, "mean", "oracle", "pixel_ap.bwt"}), 0.0);
    EXPECT_EQ(rows.at({2, "mean", "routed", "image_auroc.acc"}),
              rows.at({2, "mean", "routed", "image_auroc"}));
    EXPECT_EQ(rows.count({1, "mean", "routed", "image_auroc.acc"}), 0U);
    EXPECT_EQ(rows.count({2, "mean", "routed", "image_auroc.fwt"}), 0U);
}

TEST(ScoringTest, MeanIsUnweightedOverClasses) {
    const storage::PatchScores scores = training();
    const auto rows = by_key(score_training(scores, truth_of(scores), {small_config()}).at(0));
    for (const std::string& metric : sweeps::curve_metric_names()) {
        EXPECT_NEAR(rows.at({2, "mean", "routed", metric}),
                    (rows.at({2, "a", "routed", metric}) + rows.at({2, "b", "routed", metric}) +
                     rows.at({2, "c", "routed", metric})) /
                        3,
                    1e-15);
    }
}

TEST(ScoringTest, ConfigurationsScoredTogetherEqualThoseScoredAlone) {
    const storage::PatchScores scores = training();
    std::vector<sweeps::ScoreConfig> configs(4, small_config());
    configs[1].aggregation = "percentile";
    configs[1].percentile = 0.1;  // blind to the defect
    configs[2].map_size = 8;
    configs[3].smoothing_sigma = 0;
    const auto together = score_training(scores, truth_of(scores), configs);
    for (std::size_t i = 0; i < configs.size(); ++i) {
        EXPECT_EQ(by_key(together[i]),
                  by_key(score_training(scores, truth_of(scores), {configs[i]}).at(0)))
            << i;
    }
    EXPECT_NE(by_key(together[0]), by_key(together[1]));
    EXPECT_NE(by_key(together[0]), by_key(together[2]));
    EXPECT_NE(by_key(together[0]), by_key(together[3]));
}

// The limit, the smoothing and the masks' size reach AU-PRO as they do a ranking made by hand.
TEST(ScoringTest, AuproIsThatOfTheRenderedMaps) {
    const storage::PatchScores scores = training();
    std::vector<sweeps::ScoreConfig> configs(2, small_config());
    configs[1].aupro_limit = 0.05;
    const auto trials = score_training(scores, truth_of(scores), configs);
    ScoreMapper mapper(kSide, kSide, 16, 0.5);
    AuproRanking ranking;
    std::vector<float> map(16 * 16);
    for (std::size_t image = 0; image < kImages; ++image) {
        const std::size_t number = 1 * kImages + image;  // of class b under its own expert
        mapper.render(scores.classes[1].maps.data() + number * kSide * kSide, map.data());
        ranking.add_image(map.data(), corner_mask(image, 16).data(), 16, 16);
    }
    const RowKey key{2, "b", "oracle", "aupro"};
    EXPECT_EQ(by_key(trials[0]).at(key), ranking.aupro(0.3).value);
    EXPECT_EQ(by_key(trials[1]).at(key), ranking.aupro(0.05).value);
    EXPECT_NE(by_key(trials[0]).at(key), by_key(trials[1]).at(key));
    EXPECT_EQ(by_key(trials[0]).count({2, "mean", "oracle", "aupro.fm"}), 1U);
}

TEST(ScoringTest, EachMaskIsLoadedOnce) {
    const storage::PatchScores scores = training();
    std::map<std::tuple<std::string, std::size_t, int>, int> loads;
    std::vector<ClassTruth> truth = truth_of(scores);
    for (ClassTruth& one : truth) {
        one.mask = [&loads, name = one.class_name](std::size_t image, int size) {
            ++loads[{name, image, size}];
            return corner_mask(image, size);
        };
    }
    std::vector<sweeps::ScoreConfig> configs(3, small_config());
    configs[1].top_k = 1;
    configs[2].map_size = 8;
    score_training(scores, truth, configs);
    EXPECT_EQ(loads.size(), 3U * kImages * 2);
    for (const auto& [what, count] : loads) {
        EXPECT_EQ(count, 1);
    }
}

// Masks are loaded once, ranking takes as long for every configuration.
TEST(ScoringTest, ReportsEveryImageItRanks) {
    const storage::PatchScores scores = training();
    const auto images_ranked = [&](const std::vector<sweeps::ScoreConfig>& configs) {
        int images = 0;
        std::vector<ClassTruth> truth = truth_of(scores);
        for (ClassTruth& one : truth) {
            one.on_image = [&images] { ++images; };
        }
        score_training(scores, truth, configs);
        return images;
    };
    sweeps::ScoreConfig smoother = small_config();
    smoother.smoothing_sigma = 2;
    // Class a is ranked twice: after the last task the router sends its images elsewhere.
    EXPECT_EQ(images_ranked({small_config()}), 4 * kImages);
    EXPECT_EQ(images_ranked({small_config(), smoother}), 8 * kImages);
}

TEST(ScoringTest, AClassWithoutDefectsHasNoValueAndNoMean) {
    const storage::PatchScores scores = training();
    std::vector<ClassTruth> truth = truth_of(scores);
    truth[1].labels.assign(kImages, 0);
    const auto trial = score_training(scores, truth, {small_config()}).at(0);
    const auto rows = by_key(trial);
    EXPECT_EQ(rows.count({1, "b", "routed", "image_auroc"}), 0U);
    EXPECT_EQ(rows.count({0, "mean", "routed", "image_auroc"}), 1U);
    EXPECT_EQ(rows.count({1, "mean", "routed", "image_auroc"}), 0U);
    EXPECT_EQ(rows.count({2, "mean", "oracle", "image_auroc.acc"}), 0U);
    EXPECT_EQ(rows.count({2, "mean", "routed", "pixel_ap.fm"}), 1U);
    EXPECT_EQ(rows.count({1, "b", "routed", "aupro"}), 1U) << "its masks have defects";
    ASSERT_EQ(trial.undefined.size(), 1U);
    EXPECT_NE(trial.undefined[0].find("class 'b'"), std::string::npos) << trial.undefined[0];
}

TEST(ScoringTest, WithoutARegionThereIsNoAuproAndItSaysWhy) {
    const storage::PatchScores scores = training();
    std::vector<ClassTruth> truth = truth_of(scores);
    truth[0].mask = [](std::size_t, int size) {
        return std::vector<std::uint8_t>(static_cast<std::size_t>(size) * size, 0);
    };
    const auto trial = score_training(scores, truth, {small_config()}).at(0);
    const auto rows = by_key(trial);
    EXPECT_EQ(rows.count({0, "a", "routed", "aupro"}), 0U);
    EXPECT_EQ(rows.count({1, "b", "routed", "aupro"}), 1U);
    EXPECT_EQ(rows.count({1, "mean", "routed", "aupro"}), 0U);
    ASSERT_EQ(trial.undefined.size(), 1U);
    EXPECT_NE(trial.undefined[0].find("aupro are undefined because no test pixel is defective"),
              std::string::npos)
        << trial.undefined[0];
}

// The held-out images of a class are here its test images once more.
TEST(ScoringTest, ImagesHeldOutGiveRowsOfTheirOwn) {
    storage::PatchScores scores = training();
    const auto plain = by_key(score_training(scores, truth_of(scores), {small_config()}).at(0));
    scores.validation = scores.classes;
    const std::vector<ClassTruth> truth = truth_of(scores);
    const auto rows = by_key(score_training(scores, truth, {small_config()}, truth).at(0));
    for (const auto& [key, value] : plain) {
        EXPECT_EQ(rows.at(key), value) << std::get<3>(key);
    }
    for (const std::string& metric : sweeps::curve_metric_names()) {
        EXPECT_EQ(rows.at({2, "a", "routed", "val_synth." + metric}),
                  rows.at({2, "a", "routed", metric}));
        EXPECT_EQ(rows.at({1, "mean", "oracle", "val_synth." + metric}),
                  rows.at({1, "mean", "oracle", metric}));
    }
    // 9 more metrics, routed and oracle, for 6 seen classes and 3 means
    EXPECT_EQ(rows.size(), plain.size() + 9U * 2 * 9);

    std::vector<ClassTruth> normal = truth;
    for (ClassTruth& one : normal) {
        one.labels.assign(kImages, 0);
        one.mask = [](std::size_t, int size) {
            return std::vector<std::uint8_t>(static_cast<std::size_t>(size) * size, 0);
        };
    }
    sweeps::ScoreConfig largest = small_config();
    largest.aggregation = "max";
    const TrialScoring trial = score_training(scores, truth, {largest}, normal).at(0);
    EXPECT_TRUE(trial.undefined.empty()) << "that there are no anomalies is as it should be";
    double sum = 0;
    for (int image = 0; image < kImages; ++image) {
        const auto first = scores.classes[1].maps.begin() + (kImages + image) * kSide * kSide;
        sum += *std::max_element(first, first + kSide * kSide);
    }
    EXPECT_NEAR(
        by_key(trial).at({1, "b", "oracle", "val_normal.mean_score"}), sum / kImages, 1e-12);
    EXPECT_EQ(by_key(trial).count({1, "b", "oracle", "val_synth.image_auroc"}), 0U);
}

TEST(ScoringTest, OneTaskHasNoTransferAndSaysSo) {
    storage::PatchScores scores = training();
    scores.num_tasks = 1;
    scores.classes.resize(1);
    for (auto* table : {&scores.classes[0].routed_map,
                        &scores.classes[0].oracle_map,
                        &scores.classes[0].routed_task}) {
        table->resize(kImages);
    }
    const auto trial = score_training(scores, truth_of(scores), {small_config()}).at(0);
    const auto rows = by_key(trial);
    EXPECT_EQ(rows.count({0, "mean", "routed", "image_auroc.acc"}), 1U);
    EXPECT_EQ(rows.count({0, "mean", "routed", "image_auroc.fm"}), 0U);
    EXPECT_EQ(trial.undefined.size(), 1U);
}

TEST(ScoringTest, WithoutARouterThereIsNoRoutingAccuracy) {
    storage::PatchScores scores = training();
    scores.has_router = false;
    const auto rows = by_key(score_training(scores, truth_of(scores), {small_config()}).at(0));
    EXPECT_EQ(rows.count({2, "mean", "routed", "routing_acc"}), 0U);
    EXPECT_EQ(rows.count({2, "mean", "routed", "image_auroc"}), 1U);
}

TEST(ScoringTest, NonFinitePatchScoresFailTheTrialByName) {
    storage::PatchScores scores = training();
    const int own_map_of_image_4 = 1 * kImages + 4;
    scores.classes[1].maps[own_map_of_image_4 * kSide * kSide + 7] =
        std::numeric_limits<float>::quiet_NaN();
    sweeps::ScoreConfig compatible = small_config();
    compatible.nan_compat = true;
    const auto trials = score_training(scores, truth_of(scores), {small_config(), compatible});
    ASSERT_TRUE(trials[0].invalid_scores);
    EXPECT_TRUE(trials[0].rows.empty());
    EXPECT_NE(trials[0].invalid_scores->find("class 'b'"), std::string::npos);
    EXPECT_NE(trials[0].invalid_scores->find("test/4.png"), std::string::npos);
    EXPECT_FALSE(trials[1].invalid_scores);
    // NaN -> 0 ranks the defective image 4 below everything: 6 of 9 pairs are won.
    EXPECT_NEAR(by_key(trials[1]).at({2, "b", "oracle", "image_auroc"}), 6 / 9.0, 1e-12);
}

TEST(ScoringTest, MapsNobodyIsRoutedToDoNotMatter) {
    storage::PatchScores scores = training();
    scores.classes[1].maps[0] = std::numeric_limits<float>::infinity();  // expert 0 on class b
    EXPECT_FALSE(score_training(scores, truth_of(scores), {small_config()}).at(0).invalid_scores);
}

TEST(ScoringTest, TruthThatDoesNotFitIsNamed) {
    const storage::PatchScores scores = training();
    std::vector<ClassTruth> truth = truth_of(scores);
    truth[2].labels.pop_back();
    EXPECT_THROW(score_training(scores, truth, {small_config()}), sweeps::DataError);
    truth.pop_back();
    EXPECT_THROW(score_training(scores, truth, {small_config()}), sweeps::DataError);
    truth = truth_of(scores);
    truth[0].mask = [](std::size_t, int) { return std::vector<std::uint8_t>(3); };
    EXPECT_THROW(score_training(scores, truth, {small_config()}), sweeps::DataError);
    storage::PatchScores broken = training();
    broken.classes[0].routed_map.back() = -1;
    EXPECT_THROW(score_training(broken, truth_of(broken), {small_config()}), sweeps::StorageError);
}

}  // namespace
}  // namespace harrow::analysis
