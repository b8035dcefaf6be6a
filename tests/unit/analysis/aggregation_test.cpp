#include "analysis/aggregation.hpp"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "sweeps/error.hpp"

namespace harrow::analysis {
namespace {

const std::vector<float> kPatches = {3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8};  // [3, 4]

float score(const std::string& mode, sweeps::ScoreConfig config = {}) {
    config.aggregation = mode;
    return image_score(kPatches.data(), 3, 4, config);
}

TEST(AggregationTest, SimpleModes) {
    EXPECT_FLOAT_EQ(score("max"), 9.0F);
    EXPECT_FLOAT_EQ(score("mean"), 52.0F / 12);
    EXPECT_FLOAT_EQ(score("top_k"), 23.0F / 3);
    sweeps::ScoreConfig config;
    config.top_k_percent = 0.2;  // floor(2.4) = 2 patches
    EXPECT_FLOAT_EQ(score("top_k_percent", config), 8.5F);
    config.top_k_percent = 0.01;  // at least one
    EXPECT_FLOAT_EQ(score("top_k_percent", config), 9.0F);
}

TEST(AggregationTest, TopKIsLimitedToThePatches) {
    sweeps::ScoreConfig config;
    config.top_k = 1000;
    EXPECT_FLOAT_EQ(score("top_k", config), score("mean"));
}

TEST(AggregationTest, QuantileInterpolatesLinearly) {
    // numpy.quantile([3,1,4,1,5,9,2,6], q)
    std::vector<float> values = {3, 1, 4, 1, 5, 9, 2, 6};
    EXPECT_NEAR(linear_quantile(values, 0.9), 6.9, 1e-5);
    EXPECT_NEAR(linear_quantile(values, 0.25), 1.75, 1e-6);
    EXPECT_EQ(linear_quantile(values, 0), 1.0F);
    EXPECT_EQ(linear_quantile(values, 1), 9.0F);
    values = {7};
    EXPECT_EQ(linear_quantile(values, 0.99), 7.0F);
}

TEST(AggregationTest, ClustersRaiseTheScore) {
    // The 0.5 quantile is 4.5; ratio 0.09 of 12 patches is k = 1; the plain maximum is 9.
    sweeps::ScoreConfig config;
    config.cluster_high_score_percentile = 0.5;
    config.cluster_top_k_ratio = 0.09;
    config.cluster_weight = 1;
    // 9 at (1,1): neighbours above 4.5 are 5 (1,0), 5 (2,0), 5 (2,2) -> 9 (1 + 3/8)
    EXPECT_FLOAT_EQ(score("spatial_cluster", config), 12.375F);
    config.cluster_weight = 0.25;
    EXPECT_FLOAT_EQ(score("spatial_cluster", config), 0.25F * 12.375F + 0.75F * 9);
}

TEST(AggregationTest, NanIsNeverHidden) {
    const std::vector<float> patches = {1, std::numeric_limits<float>::quiet_NaN(), 3, 2};
    for (const std::string& mode : aggregation_modes()) {
        sweeps::ScoreConfig config;
        config.aggregation = mode;
        EXPECT_TRUE(std::isnan(image_score(patches.data(), 2, 2, config))) << mode;
    }
}

TEST(AggregationTest, UnknownModeNamesTheKnownOnes) {
    try {
        score("topk");
        FAIL() << "no exception";
    } catch (const sweeps::UsageError& error) {
        EXPECT_NE(std::string(error.what()).find("top_k_percent"), std::string::npos);
    }
}

}  // namespace
}  // namespace harrow::analysis
