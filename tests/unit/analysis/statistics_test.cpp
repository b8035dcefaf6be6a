#include "analysis/statistics.hpp"

#include <gtest/gtest.h>

namespace harrow::analysis {
namespace {

TEST(StatisticsTest, SampleOfThree) {
    // numpy std(ddof=1) and scipy.stats.t.interval(0.95, 2, mean, std / sqrt(3))
    const SampleStatistics statistics = sample_statistics({0.981, 0.9822, 0.9816});
    EXPECT_EQ(statistics.n, 3U);
    EXPECT_NEAR(statistics.mean.value(), 0.9816, 1e-15);
    EXPECT_NEAR(statistics.std.value(), 0.0006, 1e-15);
    EXPECT_NEAR(statistics.ci95.value().low, 0.9801095173728936, 1e-13);
    EXPECT_NEAR(statistics.ci95.value().high, 0.9830904826271062, 1e-13);
}

TEST(StatisticsTest, OneValueHasNoSpread) {
    const SampleStatistics statistics = sample_statistics({0.5});
    EXPECT_EQ(statistics.mean, 0.5);
    EXPECT_FALSE(statistics.std || statistics.ci95);
}

TEST(StatisticsTest, EqualValuesHaveExactlyNoSpread) {
    const SampleStatistics statistics = sample_statistics({0.1, 0.1, 0.1});
    EXPECT_EQ(statistics.mean, 0.1);
    EXPECT_EQ(statistics.std, 0.0);
    EXPECT_EQ(statistics.ci95->low, 0.1);
}

TEST(StatisticsTest, NothingHasNoMean) {
    EXPECT_FALSE(sample_statistics({}).mean);
}

}  // namespace
}  // namespace harrow::analysis
