#include "cli/replay_comparison.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "tests/support/temporary_directory.hpp"

namespace harrow::cli {
namespace {

using sweeps::MetricRow;

std::vector<MetricRow> rows() {
    return {{0, "bolt", "routed", "pixel_ap", 0.1}, {1, "mean", "oracle", "aupro", 0.25}};
}

TEST(ReplayComparisonTest, EqualRowsInAnyOrderDoNotDiffer) {
    EXPECT_TRUE(compare_rows(rows(), {rows()[1], rows()[0]}).empty());
}

TEST(ReplayComparisonTest, TheLastBitCounts) {
    std::vector<MetricRow> other = rows();
    other[0].value = std::nextafter(0.1, 1.0);
    const auto differences = compare_rows(rows(), other);
    ASSERT_EQ(differences.size(), 1U);
    EXPECT_EQ(to_string(differences[0]),
              "after task 0, bolt, routed, pixel_ap: 0.1 stored, 0.10000000000000002 replayed");
}

TEST(ReplayComparisonTest, MissingAndAdditionalRowsDiffer) {
    std::vector<MetricRow> other = {rows()[0], {2, "x", "routed", "m", 0.5}};
    const auto differences = compare_rows(rows(), other);
    ASSERT_EQ(differences.size(), 2U);
    EXPECT_NE(to_string(differences[0]).find("0.25 stored, nothing replayed"), std::string::npos);
    EXPECT_NE(to_string(differences[1]).find("nothing stored, 0.5 replayed"), std::string::npos);
}

TEST(ReplayComparisonTest, FilesDifferAtTheirFirstByteOrTheirEnd) {
    const storage::testing::TemporaryDirectory directory;
    storage::testing::spill(directory / "a", "abcdef");
    storage::testing::spill(directory / "b", "abcxef");
    storage::testing::spill(directory / "c", "abc");
    EXPECT_FALSE(first_different_byte(directory / "a", directory / "a"));
    EXPECT_EQ(first_different_byte(directory / "a", directory / "b"), 3U);
    EXPECT_EQ(first_different_byte(directory / "c", directory / "a"), 3U);
    EXPECT_ANY_THROW(first_different_byte(directory / "a", directory / "nothing"));
}

TEST(ReplayComparisonTest, AMetricThatWasNotMeasuredThenIsLeftOut) {
    const std::vector<sweeps::MetricRow> stored = {{0, "a", "routed", "pixel_ap", 0.5}};
    std::vector<sweeps::MetricRow> replayed = {{0, "a", "routed", "pixel_ap", 0.5},
                                               {0, "a", "routed", "aupro", 0.25},
                                               {0, "mean", "routed", "aupro.acc", 0.25}};
    std::vector<sweeps::MetricRow> again = replayed;
    EXPECT_TRUE(leave_out_unmeasured("aupro", stored, replayed));
    EXPECT_TRUE(compare_rows(stored, replayed).empty());
    EXPECT_FALSE(leave_out_unmeasured("aupro", again, replayed)) << "measured then, missing now";
    EXPECT_EQ(compare_rows(again, replayed).size(), 2U);
}

}  // namespace
}  // namespace harrow::cli
