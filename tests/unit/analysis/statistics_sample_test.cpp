#include <array>
#include <cstdio>
#include <limits>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

#include "analysis/statistics/sample.hpp"
#include "tests/unit/analysis/oracle/oracle.hpp"

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
    EXPECT_FALSE(interquartile_mean({}));
}

TEST(StatisticsTest, AgreesWithSciPy) {
    for (const auto& expected : oracle("sample")) {
        const std::vector<double> values = numbers(expected.at("values"));
        SCOPED_TRACE(expected.at("values").dump());
        const SampleStatistics statistics = sample_statistics(values);
        EXPECT_TRUE(close_to(statistics.mean, expected.at("mean")));
        EXPECT_TRUE(close_to(statistics.std, expected.at("std")));
        EXPECT_TRUE(close_to(interquartile_mean(values), expected.at("iqm")));
        for (const auto& [level, bounds] : expected.at("intervals").items()) {
            const auto interval = t_interval(statistics, std::stod(level));
            EXPECT_TRUE(close_to(interval.value().low, bounds.at(0)));
            EXPECT_TRUE(close_to(interval.value().high, bounds.at(1)));
        }
    }
}

TEST(StatisticsTest, TheNotesTableOfFiveSeeds) {
    // Image AUC, pixel AUC, image AP, pixel AP of five seeds: 98.03 +- 0.19 and so on, as printed.
    const auto printed = [](const std::vector<double>& values) {
        const SampleStatistics statistics = sample_statistics(values);
        std::array<char, 32> text{};
        std::snprintf(text.data(), text.size(), "%.2f +- %.2f", *statistics.mean, *statistics.std);
        return std::string(text.data());
    };
    EXPECT_EQ(printed({98.10, 98.22, 98.16, 97.87, 97.78}), "98.03 +- 0.19");
    EXPECT_EQ(printed({97.79, 97.81, 97.86, 97.78, 97.81}), "97.81 +- 0.03");
    EXPECT_EQ(printed({99.21, 99.25, 99.23, 99.13, 99.13}), "99.19 +- 0.06");
    EXPECT_EQ(printed({53.01, 53.31, 53.61, 54.11, 54.86}), "53.78 +- 0.73");
    EXPECT_EQ(printed({100, 100, 100, 100, 100}), "100.00 +- 0.00");
}

TEST(StatisticsTest, RefusesWhatIsNoNumber) {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    EXPECT_THROW(sample_statistics({1, nan}), std::invalid_argument);
    EXPECT_THROW(interquartile_mean({std::numeric_limits<double>::infinity()}),
                 std::invalid_argument);
    EXPECT_THROW(t_interval(sample_statistics({1, 2}), 1.0), std::invalid_argument);
}

}  // namespace
}  // namespace harrow::analysis
