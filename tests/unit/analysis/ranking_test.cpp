#include "analysis/comparison/ranking.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "analysis/comparison/comparable.hpp"
#include "analysis/comparison/importance.hpp"
#include "analysis/comparison/order_sensitivity.hpp"
#include "tests/unit/analysis/cells.hpp"
#include "tests/unit/analysis/seed_tables.hpp"

namespace harrow::analysis {
namespace {

using namespace testing;

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

TEST(RankingTest, WhatTrainsNothingIsRankedWithAnyBudget) {
    const auto trained = [](const std::string& version, const std::string& epochs) {
        return cell(version + "/" + epochs,
                    {{"model.version", version}, {"train.num_epochs", epochs}},
                    {{0, 1}, {1, 3}});
    };
    Summary summary;  // the untrained one first: others are not to be held against it alone
    summary.cells = {cell("untrained", {{"model.use_lora", "false"}}, {{0, 2}, {1, 2}}),
                     trained("1.1", "20"),
                     trained("1.2", "10"),
                     trained("1.3", "10")};
    const ComparableCells comparable = comparable_cells(summary, "m", {});
    EXPECT_EQ(comparable.cells, (std::vector<std::size_t>{0, 2, 3}));
    EXPECT_EQ(comparable.why_not[1], "train.num_epochs 20 / 10");
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
    const auto order = [](const char* name, const std::map<std::uint64_t, double>& values) {
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

}  // namespace
}  // namespace harrow::analysis
