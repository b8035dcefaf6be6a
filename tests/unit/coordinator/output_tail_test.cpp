#include "coordinator/output_tail.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace harrow::coordinator {
namespace {

TEST(OutputTailTest, KeepsTheLastLinesAndPassesAllOn) {
    OutputTail tail;
    std::vector<std::string> lines;
    const auto sink = [&](std::string_view line) { lines.emplace_back(line); };
    for (int line = 0; line < 500; ++line) {
        const std::string text = "line " + std::to_string(line) + "\n";
        tail.feed(text.substr(0, 3), sink);
        tail.feed(text.substr(3), sink);
    }
    tail.feed("no end", sink);
    EXPECT_EQ(lines.size(), 500U);
    tail.finish(sink);
    EXPECT_EQ(lines.back(), "no end");
    const std::string text = tail.text();
    EXPECT_EQ(text.substr(0, 9), "line 301\n");
    EXPECT_EQ(text.substr(text.size() - 6), "no end");
}

TEST(OutputTailTest, AnEndlessLineIsCutInPieces) {
    OutputTail tail;
    std::size_t bytes = 0;
    const auto sink = [&](std::string_view line) {
        bytes += line.size();
        EXPECT_LE(line.size(), OutputTail::kMaxLineBytes);
    };
    tail.feed(std::string(1 << 20, 'x'), sink);
    tail.finish(sink);
    EXPECT_EQ(bytes, std::size_t{1} << 20);
    EXPECT_LE(tail.text().size(), (OutputTail::kMaxLineBytes + 1) * OutputTail::kMaxLines);
}

TEST(OutputTailTest, OnlyUtf8ComesOut) {
    EXPECT_EQ(printable_utf8("größe 漢 😀\t1\n"), "größe 漢 😀\t1\n");
    EXPECT_EQ(printable_utf8("a\xe9z"), "a?z");
    EXPECT_EQ(printable_utf8("\xc3"), "?");
    EXPECT_EQ(printable_utf8("\xc0\xaf"), "??");            // overlong
    EXPECT_EQ(printable_utf8("\xed\xa0\x80"), "???");       // surrogate
    EXPECT_EQ(printable_utf8("\xf4\x90\x80\x80"), "????");  // above U+10FFFF
    EXPECT_EQ(printable_utf8("\x1b[31mred\r"), "[31mred");
}

}  // namespace
}  // namespace harrow::coordinator
