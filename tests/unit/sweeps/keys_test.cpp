#include "sweeps/keys.hpp"

#include <gtest/gtest.h>

#include "tests/support/fake_catalog.hpp"

namespace harrow::sweeps {
namespace {

const std::vector<std::vector<std::string>> kTasks = {{"a"}, {"b", "c"}};

// Golden values: a change means that nobody's cache, run directory or cell id is valid any more.
TEST(KeysTest, NeverChange) {
    TrialConfig config;
    config.train.lr = 1e-3;
    config.score.top_k = 5;
    config.data.root = "/anywhere";
    EXPECT_EQ(feature_key(config, "", hash_text("images")), "f06f9020002750275a7ec2847db2621a");
    EXPECT_EQ(training_key(config, kTasks, {"k1", "k2"}, 42, "cpu"),
              "51d09df0bfccba4c2c6d593c60854712");
    EXPECT_EQ(cell_id(config, hash_text("data")), "fe0d3382ea30efe72ef7a8a84b348dd0");
    FakeCatalog catalog;
    EXPECT_EQ(data_digest({{"bottle"}, {"cable"}}, catalog.facts("/data")),
              "d976b1acd405c9d13316fc3b5fdacb51");
    EXPECT_EQ(trial_id("abc", 7), "abc.s7");
}

TEST(KeysTest, FeatureKeyFollowsFeaturesOnly) {
    const TrialConfig base;
    const Digest key = feature_key(base, "", "i");
    TrialConfig other = base;
    other.train.lr = 1;
    other.score.top_k = 9;
    other.method = "finetune";
    other.data.root = "/elsewhere";
    other.sequence.scenario = "2-1";
    EXPECT_EQ(feature_key(other, "", "i"), key);
    other.data.image_size = 64;
    EXPECT_NE(feature_key(other, "", "i"), key);
    EXPECT_NE(feature_key(base, "w", "i"), key);
    EXPECT_NE(feature_key(base, "", "j"), key);
}

TEST(KeysTest, TrainingKeyIgnoresScoringOnly) {
    const TrialConfig base;
    const Digest key = training_key(base, kTasks, {"k"}, 0, "cpu");
    TrialConfig other = base;
    other.score.top_k = 9;
    other.data.root = "/elsewhere";
    EXPECT_EQ(training_key(other, kTasks, {"k"}, 0, "cpu"), key);
    other.train.lr = 1;
    EXPECT_NE(training_key(other, kTasks, {"k"}, 0, "cpu"), key);
    EXPECT_NE(training_key(base, kTasks, {"k"}, 1, "cpu"), key);
    EXPECT_NE(training_key(base, kTasks, {"k"}, 0, "cuda"), key);
    EXPECT_NE(training_key(base, kTasks, {"k", "l"}, 0, "cpu"), key);
    EXPECT_NE(training_key(base, {{"a", "b"}, {"c"}}, {"k"}, 0, "cpu"), key);
}

TEST(KeysTest, CellIdFollowsWhatIsActiveAndTheData) {
    const TrialConfig base;
    const Digest id = cell_id(base, "d");
    TrialConfig other = base;
    other.data.root = "/elsewhere";
    other.score.percentile = 0.5;  // without effect under top_k
    EXPECT_EQ(cell_id(other, "d"), id);
    EXPECT_NE(cell_id(base, "e"), id);
    other.score.top_k = 4;
    EXPECT_NE(cell_id(other, "d"), id);
}

TEST(KeysTest, WeightsEnterTheCellOnlyWhenThereAreAny) {
    const TrialConfig base;
    EXPECT_EQ(cell_id(base, "d", ""), cell_id(base, "d"));
    EXPECT_NE(cell_id(base, "d", "w"), cell_id(base, "d"));
    EXPECT_NE(cell_id(base, "d", "w"), cell_id(base, "d", "v"));
    TrialConfig moved = base;
    moved.backbone.weights = "/elsewhere";
    EXPECT_EQ(cell_id(moved, "d", "w"), cell_id(base, "d", "w"));
    EXPECT_EQ(feature_key(moved, "w", "i"), feature_key(base, "w", "i"));
}

TEST(KeysTest, DataDigestSeesImagesAndLabelsOfTheClassesUsed) {
    FakeCatalog catalog;
    const DatasetFacts& facts = catalog.facts("/data");
    const Digest digest = data_digest({{"bottle"}, {"cable"}}, facts);
    EXPECT_EQ(data_digest({{"cable", "bottle"}}, facts), digest) << "order is the sequence's";
    EXPECT_NE(data_digest({{"bottle"}}, facts), digest);
    catalog.add("/relabelled", {"bottle", "cable"}, "", "other");
    EXPECT_NE(data_digest({{"bottle"}, {"cable"}}, catalog.facts("/relabelled")), digest);
    catalog.add("/changed", {"bottle", "cable"}, "other");
    EXPECT_NE(data_digest({{"bottle"}, {"cable"}}, catalog.facts("/changed")), digest);
}

}  // namespace
}  // namespace harrow::sweeps
