#include "analysis/comparison/one_factor.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "analysis/comparison/ablation.hpp"
#include "analysis/comparison/paired_delta.hpp"
#include "tests/unit/analysis/cells.hpp"
#include "tests/unit/analysis/seed_tables.hpp"

namespace harrow::analysis {
namespace {

using namespace testing;

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

}  // namespace
}  // namespace harrow::analysis
