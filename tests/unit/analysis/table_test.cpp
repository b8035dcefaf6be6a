#include "analysis/table.hpp"

#include <gtest/gtest.h>

namespace harrow::analysis {
namespace {

TEST(TableTest, WidthCountsCodePoints) {
    EXPECT_EQ(display_width("0.98 ± 0.01"), 11U);
    EXPECT_EQ(display_width(""), 0U);
}

TEST(TableTest, TruncationKeepsWholeCodePoints) {
    EXPECT_EQ(truncated("tail_weight", 20), "tail_weight");
    EXPECT_EQ(truncated("tail_weight", 5), "tail…");
    EXPECT_EQ(truncated("ääää", 3), "ää…");
    EXPECT_EQ(truncated("ää", 2), "ää");
}

TEST(TableTest, MarkdownEscapesItsOwnMarks) {
    EXPECT_EQ(markdown_table({{"cell", "n"}, {{"a|b", "3"}, {"two\nlines", "10"}}}),
              "| cell      |   n |\n"
              "| --------- | ---:|\n"
              "| a\\|b      |   3 |\n"
              "| two lines |  10 |\n");
}

TEST(TableTest, ProseIsAlignedLeft) {
    EXPECT_EQ(markdown_table({{"state", "reason"}, {{"failed", "loss"}}, true}),
              "| state  | reason |\n"
              "| ------ | ------ |\n"
              "| failed | loss   |\n");
}

TEST(TableTest, AlignmentSurvivesUtf8) {
    EXPECT_EQ(aligned_table({{"cell", "value"}, {{"a", "1 ± 2"}, {"bb", "1"}}}),
              "cell  value\n"
              "────  ─────\n"
              "a     1 ± 2\n"
              "bb        1\n");
}

}  // namespace
}  // namespace harrow::analysis
