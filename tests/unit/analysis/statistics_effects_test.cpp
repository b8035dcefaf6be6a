#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "analysis/statistics/effect_size.hpp"
#include "analysis/statistics/interaction.hpp"
#include "tests/unit/analysis/oracle/oracle.hpp"

namespace harrow::analysis {
namespace {

TEST(EffectSizeTest, AgreesWithSciPy) {
    for (const auto& expected : oracle("paired")) {
        const auto x = numbers(expected.at("x")), y = numbers(expected.at("y"));
        EXPECT_TRUE(close_to(cohens_d(x, y).value, expected.at("cohens_d")));
        EXPECT_TRUE(close_to(cohens_dz(x, y).value, expected.at("cohens_dz")));
        EXPECT_TRUE(close_to(cliffs_delta(x, y).value, expected.at("cliffs_delta")));
        EXPECT_TRUE(close_to(probability_of_improvement(x, y).value, expected.at("improvement")));
    }
    for (const auto& expected : oracle("unpaired")) {
        const auto x = numbers(expected.at("x")), y = numbers(expected.at("y"));
        EXPECT_TRUE(close_to(cohens_d(x, y).value, expected.at("cohens_d")));
        EXPECT_TRUE(close_to(probability_of_improvement(x, y).value, expected.at("improvement")));
    }
}

TEST(EffectSizeTest, WithoutSpreadThereIsAReason) {
    for (const Estimate& none : {cohens_d({1}, {1, 2}),
                                 cohens_d({2, 2}, {1, 1}),
                                 cohens_dz({1}, {2}),
                                 cohens_dz({0.3, 0.2}, {0.2, 0.1}),
                                 cliffs_delta({}, {1}),
                                 probability_of_improvement({1}, {})}) {
        EXPECT_FALSE(none.value);
        EXPECT_FALSE(none.note.empty());
    }
    EXPECT_EQ(probability_of_improvement({1, 1}, {1, 1}).value, 0.5);
    EXPECT_EQ(cliffs_delta({2, 3}, {1, 1}).value, 1.0);
}

// Pixel AP of the notes' interaction experiments, in percent: (baseline, with) of a trainable and
// of a frozen base.
TwoWayEffect of_notes(double trainable_delta, double frozen_delta) {
    return two_way_effect({{15.65, 15.65 + trainable_delta, 38.54, 38.54 + frozen_delta}}, 1.0)
        .value();
}

TEST(InteractionTest, RepeatsTheNotesTable) {
    const TwoWayEffect tail = of_notes(5.10, 7.52);
    EXPECT_NEAR(tail.amplification.value.value(), 1.47, 0.005);
    EXPECT_EQ(tail.verdict, EffectVerdict::Integral);
    const TwoWayEffect whitening = of_notes(-10.53, -4.37);
    EXPECT_NEAR(whitening.amplification.value.value(), 0.42, 0.005);
    const TwoWayEffect dia = of_notes(-3.78, 4.14);
    EXPECT_FALSE(dia.amplification.value);  // the notes print a dash
    EXPECT_NEAR(dia.interaction.mean.value(), 7.92, 1e-9);
    EXPECT_EQ(dia.verdict, EffectVerdict::Integral);
    EXPECT_EQ(of_notes(8.05, 7.09).verdict, EffectVerdict::Generic);  // 15 classes
    EXPECT_EQ(of_notes(4.0, 5.5).verdict, EffectVerdict::Unclear);
}

TEST(InteractionTest, SeedsGiveAnIntervalAndATest) {
    const auto effect = two_way_effect(
        {{0.60, 0.62, 0.80, 0.86}, {0.61, 0.62, 0.81, 0.88}, {0.59, 0.62, 0.80, 0.84}});
    ASSERT_TRUE(effect);
    EXPECT_NEAR(effect->first, 0.02, 1e-12);
    EXPECT_NEAR(effect->second, 0.17 / 3, 1e-12);
    EXPECT_NEAR(effect->amplification.value.value(), 17.0 / 6, 1e-9);
    // Differences .04, .06, .01: mean .11/3, t = mean / (s / sqrt 3) = 2.5235…
    EXPECT_NEAR(effect->interaction.mean.value(), 0.11 / 3, 1e-12);
    const double mean = 0.11 / 3, s = std::sqrt((0.0053 - 3 * mean * mean) / 2);
    EXPECT_NEAR(effect->test.statistic.value(), mean / (s / std::sqrt(3.0)), 1e-9);
    EXPECT_TRUE(effect->interaction.ci95 && effect->test.p);
}

TEST(InteractionTest, DegenerateInputIsNamed) {
    EXPECT_FALSE(two_way_effect({}));
    const TwoWayEffect one = two_way_effect({{0.5, 0.5, 0.5, 0.6}}).value();
    EXPECT_FALSE(one.test.p || one.amplification.value);
    EXPECT_FALSE(one.test.note.empty() || one.amplification.note.empty());
    EXPECT_EQ(one.verdict, EffectVerdict::Integral);
}

}  // namespace
}  // namespace harrow::analysis
