#include <cmath>
#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

#include "analysis/statistics/bootstrap.hpp"
#include "analysis/statistics/effect_size.hpp"
#include "tests/unit/analysis/oracle/oracle.hpp"

namespace harrow::analysis {
namespace {

double mean_of(const Strata& strata) {
    return sample_statistics(pooled(strata)).mean.value();
}
double std_of(const Strata& strata) {
    return sample_statistics(pooled(strata)).std.value_or(0);
}
double iqm_of(const Strata& strata) {
    return interquartile_mean(pooled(strata)).value();
}
double improvement_of(const Strata& strata) {
    return probability_of_improvement(strata.at(0), strata.at(1)).value.value();
}

TEST(BootstrapTest, AgreesWithSciPyOnTheSameResamples) {
    const std::map<std::string, StrataStatistic> statistics{
        {"mean", mean_of}, {"std", std_of}, {"iqm", iqm_of}, {"improvement", improvement_of}};
    for (const auto& expected : oracle("bootstrap")) {
        const std::string method = expected.at("method"), name = expected.at("statistic");
        SCOPED_TRACE(name + " " + method);
        sweeps::RandomStream random(expected.at("seed").get<std::uint64_t>());
        BootstrapOptions options;
        options.resamples = expected.at("resamples");
        options.level = expected.at("level");
        options.method =
            method == "BCa" ? BootstrapMethod::BiasCorrected : BootstrapMethod::Percentile;
        const auto strata = expected.at("strata").get<Strata>();
        const auto result = bootstrap_interval(strata, statistics.at(name), random, options);
        ASSERT_TRUE(result.interval) << result.note;
        EXPECT_TRUE(result.note.empty()) << result.note;
        EXPECT_TRUE(close_to(result.interval->low, expected.at("low"), 1e-6));
        EXPECT_TRUE(close_to(result.interval->high, expected.at("high"), 1e-6));
    }
}

TEST(BootstrapTest, StrataKeepTheirSizes) {
    sweeps::RandomStream random(1);
    const Strata strata{{0, 0, 0}, {1, 1}};
    const auto checked = [](const Strata& drawn) {
        return drawn.at(1) == std::vector<double>{1, 1} && drawn.at(0).size() <= 3 ? 0.4 : -1;
    };
    BootstrapOptions options;
    options.method = BootstrapMethod::Percentile;
    const auto result = bootstrap_interval(strata, checked, random, options);
    EXPECT_EQ(result.interval.value().low, 0.4);
    EXPECT_EQ(result.interval->high, 0.4);
    EXPECT_EQ(result.note, "all resamples have the same value");
}

TEST(BootstrapTest, EqualSeedsGiveEqualIntervals) {
    const Strata strata{{0.1, 0.5, 0.2, 0.9}};
    sweeps::RandomStream first(9), second(9), third(10);
    const auto a = bootstrap_interval(strata, mean_of, first, {200});
    const auto b = bootstrap_interval(strata, mean_of, second, {200});
    const auto c = bootstrap_interval(strata, mean_of, third, {200});
    EXPECT_EQ(a.interval->low, b.interval->low);
    EXPECT_EQ(a.interval->high, b.interval->high);
    EXPECT_FALSE(a.interval->low == c.interval->low && a.interval->high == c.interval->high);
}

TEST(BootstrapTest, DegenerateInputIsNamed) {
    sweeps::RandomStream random(1);
    const auto none = bootstrap_interval({}, mean_of, random);
    EXPECT_FALSE(none.estimate || none.interval || none.note.empty());
    const auto hole = bootstrap_interval({{1, 2}, {}}, mean_of, random);
    EXPECT_FALSE(hole.estimate || hole.interval || hole.note.empty());
    const auto one = bootstrap_interval({{0.5}}, mean_of, random);
    EXPECT_EQ(one.estimate, 0.5);
    EXPECT_FALSE(one.interval || one.note.empty());
    const auto constant = bootstrap_interval({{0.5, 0.5, 0.5}}, mean_of, random, {50});
    EXPECT_EQ(constant.interval.value().low, 0.5);
    EXPECT_EQ(constant.interval->high, 0.5);
    EXPECT_FALSE(constant.note.empty());
    // No resample's maximum is below the sample's: half of those equal count, the rest is
    // one-sided.
    const auto largest = [](const Strata& s) { return std::max(s.at(0).at(0), s.at(0).back()); };
    const auto two = bootstrap_interval({{0.25, 0.75}, {1, 2}}, largest, random, {50});
    EXPECT_TRUE(two.interval);
    EXPECT_THROW(bootstrap_interval({{1, NAN}}, mean_of, random), std::invalid_argument);
    EXPECT_THROW(bootstrap_interval({{1, 2}}, mean_of, random, {0}), std::invalid_argument);
}

TEST(BootstrapTest, WithoutCorrectionThePercentilesStand) {
    // Every resample lies above the statistic of the sample itself: the bias is infinite.
    sweeps::RandomStream random(1), again(1);
    const Strata strata{{1, 2, 3, 4}};
    const auto biased = [&](const Strata& s) { return s == strata ? -1.0 : mean_of(s); };
    const auto result = bootstrap_interval(strata, biased, random, {40});
    BootstrapOptions percentile{40, 0.95, BootstrapMethod::Percentile};
    const auto plain = bootstrap_interval(strata, biased, again, percentile);
    EXPECT_EQ(result.note, "BCa is undefined here: percentile interval");
    EXPECT_EQ(result.interval.value().low, plain.interval.value().low);
}

TEST(BootstrapTest, QuantilesInterpolate) {
    EXPECT_EQ(quantile_of_sorted({1, 2, 4}, 0.75), 3.0);
    EXPECT_EQ(quantile_of_sorted({1, 2, 4}, 1.0), 4.0);
    EXPECT_THROW(quantile_of_sorted({}, 0.5), std::invalid_argument);
}

}  // namespace
}  // namespace harrow::analysis
