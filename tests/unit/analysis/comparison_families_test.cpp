#include <gtest/gtest.h>

#include "analysis/comparison/ablation.hpp"
#include "analysis/comparison/comparable.hpp"
#include "analysis/comparison/importance.hpp"
#include "analysis/comparison/one_factor.hpp"
#include "analysis/comparison/order_sensitivity.hpp"
#include "analysis/comparison/paired_delta.hpp"
#include "analysis/comparison/ranking.hpp"
#include "analysis/comparison/synergy.hpp"

namespace harrow::analysis {
namespace {

using Settings = std::map<std::string, std::string>;
using Texts = std::vector<std::string>;
using Values = std::map<std::uint64_t, double>;

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

CellSummary cell(const std::string& name, const Settings& settings, const Values& values) {
    CellSummary summary;
    summary.info.id = summary.info.name = name;
    summary.info.settings = settings;
    summary.info.data_digest = "data";
    std::vector<double> plain;
    for (const auto& [seed, value] : values) {
        summary.info.seeds.push_back(seed);
        plain.push_back(value);
    }
    summary.metrics["m"].values = values;
    summary.metrics["m"].statistics = sample_statistics(plain);
    return summary;
}

/// Names of a family's cells, in the order of its levels.
std::vector<std::string> names(const Summary& summary, const FactorFamily& family) {
    std::vector<std::string> found;
    for (const FactorLevel& level : family.levels) {
        found.push_back(summary.cells[level.cell].info.name);
    }
    return found;
}

TEST(OneFactorTest, LevelsAreSortedAsNumbers) {
    Summary summary;
    for (const char* rate : {"0.0002", "1e-05", "0.001"}) {
        summary.cells.push_back(cell(rate, {{"train.lr", rate}, {"x", "1"}}, {}));
    }
    const auto families = one_factor_families(summary, std::nullopt);
    ASSERT_EQ(families.size(), 1U);
    EXPECT_EQ(families[0].factor, (Texts{"train.lr"}));
    EXPECT_EQ(names(summary, families[0]), (Texts{"1e-05", "0.0002", "0.001"}));
    EXPECT_EQ(families[0].baseline, 0U);
}

TEST(OneFactorTest, BaselineThenDefaultIsWhatOthersAreSeenAgainst) {
    Summary summary;
    for (const char* weight : {"0.5", "0.7", "0.8"}) {  // 0.7: the default
        summary.cells.push_back(cell(weight, {{"train.tail_weight", weight}}, {}));
    }
    EXPECT_EQ(one_factor_families(summary, std::nullopt).at(0).baseline, 1U);
    EXPECT_EQ(one_factor_families(summary, 2).at(0).baseline, 2U);
}

TEST(OneFactorTest, TheDefaultIsThatOfTheCellsMethodAndVersion) {
    Summary summary;
    for (const char* batch : {"2", "6", "16"}) {  // 6: of version 1.3; 16: MoLE-Flow's
        summary.cells.push_back(
            cell(batch,
                 {{"method", "anomalyvfm"}, {"model.version", "1.3"}, {"train.batch_size", batch}},
                 {}));
    }
    EXPECT_EQ(one_factor_families(summary, std::nullopt).at(0).baseline, 1U);
    for (CellSummary& one : summary.cells) {
        one.info.settings["method"] = "moleflow";
    }
    EXPECT_EQ(one_factor_families(summary, std::nullopt).at(0).baseline, 2U);
}

TEST(OneFactorTest, OtherDataWeightsOrSettingsAreNoFamily) {
    Summary summary;
    summary.cells = {cell("a", {{"x", "1"}}, {}), cell("b", {{"x", "2"}}, {})};
    EXPECT_EQ(one_factor_families(summary, std::nullopt).size(), 1U);
    summary.cells[1].info.data_digest = "other";
    EXPECT_TRUE(one_factor_families(summary, std::nullopt).empty());
    summary.cells[1].info.data_digest = "data";
    summary.cells[1].info.weights_digest = "w";
    EXPECT_TRUE(one_factor_families(summary, std::nullopt).empty());
}

TEST(OneFactorTest, AGridHasAFamilyForEachValueOfTheOtherFactor) {
    Summary summary;
    for (const char* x : {"1", "2", "3"}) {
        for (const char* y : {"a", "b"}) {
            summary.cells.push_back(cell(std::string(x) + y, {{"x", x}, {"y", y}}, {}));
        }
    }
    const auto families = one_factor_families(summary, std::nullopt);
    ASSERT_EQ(families.size(), 5U);
    EXPECT_EQ(names(summary, families[0]), (Texts{"1a", "2a", "3a"}));
    EXPECT_EQ(names(summary, families[1]), (Texts{"1b", "2b", "3b"}));
    EXPECT_EQ(names(summary, families[4]), (Texts{"3a", "3b"}));
}

TEST(OneFactorTest, AZipIsOneFactor) {
    Summary summary;
    summary.cells = {cell("a", {{"x", "8"}, {"y", "4"}}, {}),
                     cell("b", {{"x", "6"}, {"y", "2"}}, {}),
                     cell("c", {{"x", "10"}, {"y", "1"}}, {})};
    auto families = one_factor_families(summary, std::nullopt);
    ASSERT_EQ(families.size(), 1U);
    EXPECT_EQ(families[0].factor, (Texts{"x", "y"}));
    EXPECT_EQ(names(summary, families[0]), (Texts{"b", "a", "c"}));
    EXPECT_EQ(level_text(families[0].levels[0].values), "6 + 2");
    // Another block that varies x alone: still a zip around the baseline.
    summary.cells.push_back(cell("d", {{"x", "12"}, {"y", "4"}}, {}));
    families = one_factor_families(summary, 0);
    ASSERT_EQ(families.size(), 1U);
    EXPECT_EQ(names(summary, families[0]), (Texts{"a", "d"}));  // 4 goes with 8 and with 12 now
    // Another setting that varies with both: around the baseline they still vary together.
    summary.cells.back() = cell("d", {{"x", "8"}, {"y", "2"}, {"z", "1"}}, {});
    for (std::size_t i = 0; i < 3; ++i) {
        summary.cells[i].info.settings["z"] = "0";
    }
    families = one_factor_families(summary, 0);
    ASSERT_EQ(families.size(), 1U);
    EXPECT_EQ(names(summary, families[0]), (Texts{"b", "a", "c"}));
}

TEST(OneFactorTest, CellsThatAreNotDescribedSayNothing) {
    Summary summary;
    summary.cells = {cell("a", {}, {}), cell("b", {}, {}), cell("c", {{"x", "1"}}, {})};
    EXPECT_TRUE(one_factor_families(summary, std::nullopt).empty());
}

TEST(PairedDeltaTest, CommonSeedsAloneCount) {
    const CellSummary a = cell("a", {}, {{0, 0.5}, {1, 0.7}, {2, 0.9}});
    const CellSummary b = cell("b", {}, {{1, 0.6}, {2, 0.7}, {5, 0.0}});
    const PairedDelta delta = paired_delta(a, b, "m").value();
    EXPECT_NEAR(delta.value, 0.15, 1e-12);
    EXPECT_EQ(delta.common, 2U);
    EXPECT_FALSE(delta.same_seeds);
    EXPECT_TRUE(paired_delta(a, a, "m")->same_seeds);
    const CellSummary c = cell("c", {}, {{7, 0.2}});
    EXPECT_NEAR(paired_delta(a, c, "m")->value, 0.5, 1e-12);  // of the means
    EXPECT_EQ(paired_delta(a, c, "m")->common, 0U);
    EXPECT_FALSE(paired_delta(a, c, "other").has_value());
}

TEST(BaselineTest, AskedForThenByItsName) {
    Summary summary;
    summary.cells = {cell("x", {}, {}), cell("Main", {}, {}), cell("y", {}, {})};
    EXPECT_EQ(baseline_cell(summary, "y"), 2U);
    EXPECT_EQ(baseline_cell(summary, ""), 1U);
    EXPECT_EQ(baseline_cell(summary, "nothing"), std::nullopt);
    summary.cells[2].info.tags = {"baseline"};
    EXPECT_EQ(baseline_cell(summary, ""), 2U);
}

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

TEST(RankingTest, OnlyEqualDataAndSeedsAreRanked) {
    Summary summary;
    summary.cells = {cell("a", {}, {{0, 1}, {1, 3}}),
                     cell("fewer", {}, {{0, 9}}),
                     cell("b", {}, {{0, 2}, {1, 4}}),
                     cell("data", {}, {{0, 5}, {1, 5}}),
                     cell("unfair", {}, {{0, 4}, {1, 4}}),
                     cell("none", {}, {})};
    summary.cells[3].info.data_digest = "other";
    for (CellSummary& one : summary.cells) {
        one.info.settings = {{"train.num_epochs", "60"}, {"train.lr", "1"}};
    }
    summary.cells[4].info.settings = {{"train.num_epochs", "90"}, {"train.lr", "2"}};
    const auto ranked = rank_cells(summary, "m", true, {});
    std::vector<std::string> shown;
    for (const RankedCell& entry : ranked) {
        shown.push_back(std::to_string(entry.rank) + summary.cells[entry.cell].info.name);
    }
    EXPECT_EQ(shown, (Texts{"0fewer", "0data", "0unfair", "1b", "2a"}));
    EXPECT_EQ(ranked[0].why_unranked, "seeds 0 / 0, 1");
    EXPECT_EQ(ranked[1].why_unranked, "other data");
    EXPECT_EQ(ranked[2].why_unranked, "train.num_epochs 90 / 60");
    // Where nothing but the budget differs, it is what is studied.
    summary.cells[4].info.settings["train.lr"] = "1";
    EXPECT_EQ(rank_cells(summary, "m", true, {})[2].rank, 1U);
    // With a baseline those are ranked that are fair against it.
    ComparisonOptions options;
    options.baseline = "fewer";
    EXPECT_EQ(rank_cells(summary, "m", true, options)[0].rank, 1U);
    EXPECT_EQ(rank_cells(summary, "m", true, options)[3].why_unranked,
              "no fair comparison with fewer, see Comparisons");
}

TEST(RankingTest, OfEquallyLargeGroupsMoreSeedsCount) {
    Summary summary;
    for (const char* name : {"a", "b"}) {
        summary.cells.push_back(cell(name, {}, {{0, 1}, {1, 3}}));
    }
    for (const char* name : {"c", "d"}) {
        summary.cells.push_back(cell(name, {}, {{0, 1}, {1, 3}, {2, 2}}));
    }
    EXPECT_EQ(comparable_cells(summary, "m", {}).cells, (std::vector<std::size_t>{2, 3}));
    EXPECT_EQ(comparable_cells(summary, "m", {}).why_not[0], "seeds 0, 1 / 0..2");
    summary.cells.push_back(cell("e", {}, {{0, 1}, {1, 3}}));
    EXPECT_EQ(comparable_cells(summary, "m", {}).cells, (std::vector<std::size_t>{0, 1, 4}));
}

TEST(RankingTest, PublishedValuesOutvoteNothing) {
    Summary summary;
    summary.cells = {cell("a", {}, {{0, 1}}), cell("b", {}, {{0, 2}})};
    for (const char* name : {"x", "y", "z"}) {
        CellSummary published;
        published.info.id = published.info.name = name;
        published.info.data_digest = "data";
        published.info.published["mean"]["m"].mean = 9;
        summary.cells.push_back(published);
    }
    const ComparableCells comparable = comparable_cells(summary, "m", {});
    EXPECT_EQ(comparable.cells, (std::vector<std::size_t>{0, 1}));
    EXPECT_EQ(comparable.why_not[2], "published, its seeds are not known");
}

TEST(ImportanceTest, AGridWithOddCellsIsAnalysed) {
    Summary summary;
    for (int x = 0; x < 3; ++x) {
        for (int y = 0; y < 2; ++y) {
            const double value = 10 * x + y;
            summary.cells.push_back(
                cell(std::to_string(x) + std::to_string(y),
                     {{"x", std::to_string(x)}, {"y", std::to_string(y)}, {"z", "0"}},
                     {{0, value}, {1, value + 0.5}, {2, value - 0.25 * y}}));
        }
    }
    summary.cells.push_back(cell("odd", {{"x", "0"}, {"y", "0"}, {"z", "7"}}, {{0, 99}}));
    const ImportanceStudy study = study_importance(summary, "m");
    EXPECT_EQ(study.why_none, "");
    EXPECT_EQ(study.left_out, 1U);
    EXPECT_EQ(study.cells.size(), 6U);
    EXPECT_TRUE(study.anova.balanced);
    ASSERT_EQ(study.anova.terms.size(), 3U);
    EXPECT_GT(*study.anova.terms[0].partial_eta2.value, 0.99);  // x
    EXPECT_LT(*study.p_adjusted[0], 1e-6);
    EXPECT_GE(*study.p_adjusted[2], *study.anova.terms[2].p);
}

TEST(ImportanceTest, OneSeedLeavesInteractionsAsError) {
    Summary summary;
    for (int i = 0; i < 9; ++i) {
        summary.cells.push_back(cell(std::to_string(i),
                                     {{"x", std::to_string(i / 3)}, {"y", std::to_string(i % 3)}},
                                     {{0, 3.0 * (i / 3) + (i == 4 ? 0.5 : 0)}}));
    }
    const ImportanceStudy study = study_importance(summary, "m");
    EXPECT_FALSE(study.with_interactions);
    EXPECT_EQ(study.anova.terms.size(), 2U);
    EXPECT_EQ(study.anova.residual_df, 4U);
}

TEST(ImportanceTest, WhatIsNoGridIsRefusedWithAReason) {
    Summary star;  // one thing at a time
    star.cells = {cell("base", {{"x", "0"}, {"y", "0"}}, {{0, 1}}),
                  cell("x1", {{"x", "1"}, {"y", "0"}}, {{0, 2}}),
                  cell("x2", {{"x", "2"}, {"y", "0"}}, {{0, 2}}),
                  cell("y1", {{"x", "0"}, {"y", "1"}}, {{0, 3}})};
    EXPECT_TRUE(contains(study_importance(star, "m").why_none, "two factors make a grid"))
        << study_importance(star, "m").why_none;
    Summary random;
    for (int i = 0; i < 40; ++i) {
        random.cells.push_back(cell(std::to_string(i),
                                    {{"x", std::to_string(i)}, {"y", std::to_string(i * 7 % 3)}},
                                    {{0, i * 0.1}}));
    }
    EXPECT_TRUE(contains(study_importance(random, "m").why_none, "40 values"))
        << study_importance(random, "m").why_none;
    EXPECT_TRUE(contains(study_importance(Summary(), "m").why_none, "no grid"))
        << study_importance(Summary(), "m").why_none;
}

TEST(OrderTest, SpreadIsOverTheOrdersOfOneScenario) {
    Summary summary;
    const auto order = [](const char* scenario, const char* name, double value) {
        return cell(std::string(scenario) + name,
                    {{"sequence.scenario", scenario}, {"sequence.order", name}, {"x", "1"}},
                    {{0, value}});
    };
    summary.cells = {order("1-1", "hard_first", 0.5),
                     order("3-3", "alphabetical", 0.2),
                     order("1-1", "alphabetical", 0.7),
                     order("1-1", "easy_first", 0.9)};
    const auto families = find_order_families(summary);
    ASSERT_EQ(families.size(), 1U);
    EXPECT_EQ(families[0].cells, (std::vector<std::size_t>{2, 3, 0, 1}));
    const auto spreads = order_spreads(summary, families[0], "m");
    ASSERT_EQ(spreads.size(), 1U);
    EXPECT_EQ(spreads[0].scenario, "1-1");
    EXPECT_NEAR(*spreads[0].over_orders.mean, 0.7, 1e-12);
    EXPECT_NEAR(*spreads[0].over_orders.std, 0.2, 1e-12);
    EXPECT_EQ(spreads[0].lowest, 0.5);
    EXPECT_EQ(spreads[0].highest, 0.9);
}

TEST(OrderTest, TheSpreadIsOverCommonSeeds) {
    Summary summary;
    const auto order = [](const char* name, const Values& values) {
        return cell(name, {{"sequence.order", name}, {"x", "1"}}, values);
    };
    summary.cells = {order("a", {{0, 0.5}, {1, 0.7}}), order("b", {{0, 0.5}})};
    const auto family = find_order_families(summary).at(0);
    const OrderSpread spread = order_spreads(summary, family, "m").at(0);
    EXPECT_EQ(spread.highest - spread.lowest, 0);
    EXPECT_FALSE(spread.same_seeds);
    summary.cells[1] = order("b", {{0, 0.5}, {1, 0.6}});
    EXPECT_TRUE(order_spreads(summary, family, "m").at(0).same_seeds);
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
