#include "analysis/comparison/ablation.hpp"

#include <string>

#include <gtest/gtest.h>

#include "analysis/comparison/fairness.hpp"
#include "analysis/comparison/synergy.hpp"
#include "tests/unit/analysis/cells.hpp"

namespace harrow::analysis {
namespace {

using namespace testing;

TEST(AblationTest, SeveralRemovalsAtOnceAreFair) {
    Summary summary;
    summary.cells = {
        cell("main", {{"dia", "4"}, {"adapter", "whitening"}, {"lr", "1"}}, {{0, 9}}),
        cell("wo_dia", {{"dia", "0"}, {"adapter", "whitening"}, {"lr", "1"}}, {{0, 8}}),
        cell("wo_wa", {{"dia", "4"}, {"adapter", "soft_ln"}, {"lr", "1"}}, {{0, 5}}),
        cell("wo_both", {{"dia", "0"}, {"adapter", "soft_ln"}, {"lr", "1"}}, {{0, 1}}),
        cell("wo_odd", {{"dia", "0"}, {"adapter", "whitening"}, {"lr", "2"}}, {{0, 0}})};
    const AblationStudy study = study_ablations(summary, 0, {}, "m", true);
    ASSERT_EQ(study.removals.size(), 4U);
    EXPECT_EQ(study.removals[0].cell, 3U);  // the largest loss first
    EXPECT_EQ(study.removals[0].importance, 1.0);
    EXPECT_TRUE(study.removals[0].is_fair());
    EXPECT_EQ(study.removals[1].importance, 0.5);
    EXPECT_EQ(study.removals[2].importance, 0.125);
    // Its lr was changed beside what was removed.
    EXPECT_EQ(study.removals[3].cell, 4U);
    EXPECT_EQ(difference_text(study.removals[3].unlike), "lr 1 / 2");
    EXPECT_FALSE(study.removals[3].importance.has_value());
    EXPECT_EQ(study.removals[3].delta, -9.0);
}

TEST(AblationTest, WhatSeveralRemovalsShareStemsFromAnotherGroup) {
    Summary summary;
    summary.cells = {
        cell("main", {{"adapter", "whitening"}, {"mode", "a"}, {"o", "adamp"}}, {{0, 9}}),
        cell("wo_wa", {{"adapter", "soft"}, {"mode", "a"}, {"o", "adamw"}}, {{0, 8}}),
        cell("wo_a", {{"adapter", "whitening"}, {"mode", "b"}, {"o", "adamw"}}, {{0, 7}})};
    for (const Removal& removal : study_ablations(summary, 0, {}, "m", true).removals) {
        EXPECT_EQ(difference_text(removal.unlike), "o adamp / adamw");
    }
    // A removal that consists of it says that it is one.
    summary.cells.push_back(
        cell("wo_o", {{"adapter", "whitening"}, {"mode", "a"}, {"o", "adamw"}}, {{0, 6}}));
    for (const Removal& removal : study_ablations(summary, 0, {}, "m", true).removals) {
        EXPECT_TRUE(removal.is_fair());
    }
}

TEST(AblationTest, WhatShouldBeEqualIsUnlikeWhateverElse) {
    Summary summary;
    summary.cells = {cell("main", {{"train.lr", "1"}}, {{0, 9}}),
                     cell("wo_x", {{"train.lr", "2"}}, {{0, 8}})};
    EXPECT_TRUE(study_ablations(summary, 0, {}, "m", true).removals[0].is_fair());
    EXPECT_FALSE(study_ablations(summary, 0, {"lr"}, "m", true).removals[0].is_fair());
    summary.cells[1].info.data_digest = "other";
    EXPECT_FALSE(study_ablations(summary, 0, {}, "m", true).removals[0].is_fair());
}

TEST(AblationTest, OtherSeedsAndBudgetsAreNoFairRemovals) {
    Summary summary;
    summary.cells = {
        cell("main", {{"dia", "4"}, {"train.num_epochs", "60"}}, {{0, 9}, {1, 9}}),
        cell("wo_seeds", {{"dia", "0"}, {"train.num_epochs", "60"}}, {{5, 1}, {6, 1}}),
        cell("wo_long", {{"dia", "2"}, {"train.num_epochs", "20"}}, {{0, 8}, {1, 8}}),
        cell("wo_dia", {{"dia", "0"}, {"train.num_epochs", "60"}}, {{0, 8}, {1, 7}}),
        cell("wo_epochs", {{"dia", "4"}, {"train.num_epochs", "20"}}, {{0, 8}, {1, 8}})};
    const AblationStudy study = study_ablations(summary, 0, {}, "m", true);
    ASSERT_EQ(study.removals.size(), 4U);
    EXPECT_EQ(study.removals[0].cell, 3U);
    EXPECT_EQ(study.removals[0].importance, 1.0);
    EXPECT_EQ(study.removals[1].cell, 4U) << "nothing but the budget differs: it is studied";
    EXPECT_TRUE(study.removals[1].is_fair());
    EXPECT_EQ(difference_text(study.removals[2].removed), "dia 4 / 0");
    EXPECT_EQ(difference_text(study.removals[2].unlike), "seeds 0, 1 / 5, 6");
    EXPECT_FALSE(study.removals[2].importance.has_value());
    EXPECT_EQ(difference_text(study.removals[3].unlike), "train.num_epochs 60 / 20");
}

TEST(SynergyTest, CombinationsAreFoundBySettings) {
    Summary summary;
    summary.cells = {cell("base", {{"x", "0"}, {"y", "0"}}, {{0, 1}, {1, 2}, {2, 3}}),
                     cell("b", {{"x", "0"}, {"y", "1"}}, {{0, 2}, {1, 3}, {2, 4.5}}),
                     cell("ab", {{"x", "1"}, {"y", "1"}}, {{0, 7}, {1, 8}, {3, 9}}),
                     cell("a", {{"x", "1"}, {"y", "0"}}, {{0, 3}, {1, 5}, {2, 5}})};
    const auto found = find_combinations(summary, 0);
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].first, 1U);
    EXPECT_EQ(found[0].second, 3U);
    EXPECT_EQ(found[0].both, 2U);
    const CombinationEffect effect = combination_effect(summary, found[0], "m").value();
    EXPECT_EQ(effect.n, 2U);  // the seeds that all four have
    EXPECT_NEAR(effect.first, 1, 1e-12);
    EXPECT_NEAR(effect.second, 2.5, 1e-12);
    EXPECT_NEAR(effect.together, 6, 1e-12);
    EXPECT_NEAR(effect.synergy, 2.5, 1e-12);
    EXPECT_TRUE(effect.test.p.has_value());
}

TEST(SynergyTest, LevelsOfOneParameterAreNoModules) {
    Summary summary;
    for (const char* x : {"0", "1", "2"}) {
        for (const char* y : {"0", "1", "2"}) {
            summary.cells.push_back(cell(std::string(x) + y, {{"x", x}, {"y", y}}, {{0, 1}}));
        }
    }
    const auto combinations = find_combinations(summary, std::nullopt);
    EXPECT_EQ(combinations.size(), 4U);
    EXPECT_TRUE(find_module_designs(summary, combinations).empty());
}

TEST(SynergyTest, BesideAPublishedCellMeansAreCompared) {
    Summary summary;
    summary.cells = {cell("base", {{"x", "0"}, {"y", "0"}}, {}),
                     cell("a", {{"x", "1"}, {"y", "0"}}, {{0, 0.92}, {1, 0.99}}),
                     cell("b", {{"x", "0"}, {"y", "1"}}, {{0, 0.91}, {1, 0.93}}),
                     cell("ab", {{"x", "1"}, {"y", "1"}}, {{0, 0.95}, {1, 0.99}})};
    summary.cells[0].info.published["mean"]["m"] = {0.9, {}};
    const CombinationEffect effect = combination_effect(summary, {0, 1, 2, 3}, "m").value();
    EXPECT_EQ(effect.n, 1U);
    EXPECT_NEAR(effect.first, 0.055, 1e-12);
    EXPECT_NEAR(effect.second, 0.02, 1e-12);
    EXPECT_NEAR(effect.together, 0.07, 1e-12);
    EXPECT_FALSE(effect.test.p.has_value());
}

}  // namespace
}  // namespace harrow::analysis
