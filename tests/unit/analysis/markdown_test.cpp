#include "analysis/document/markdown.hpp"

#include <string>

#include <gtest/gtest.h>

namespace harrow::analysis {
namespace {

std::string paragraph(const std::string& text) {
    const std::string all = markdown_text(Document{"d", {Paragraph{text}}, {}});
    return all.substr(5, all.size() - 6);  // "# d\n\n" before, "\n" after
}

TEST(MarkdownTest, TextReadsAsItIsWritten) {
    EXPECT_EQ(paragraph("<img src=x onerror=\"alert(1)\">"), "\\<img src=x onerror=\"alert(1)\">");
    EXPECT_EQ(paragraph("a *b* _c_ `d` ~~e~~ \\*"),
              "a \\*b\\* \\_c\\_ \\`d\\` \\~\\~e\\~\\~ \\\\\\*");
    EXPECT_EQ(paragraph("[a](http://x)"), "[a\\](http://x)");
    EXPECT_EQ(paragraph("a &lt; b & c"), "a \\&lt; b & c");
    EXPECT_EQ(paragraph("one\n# two"), "one # two");
    for (const char* begin : {"# a", "> a", "- a", "+ a", "1. a", "2) a", "---", "==="}) {
        const std::string text = paragraph(begin);
        EXPECT_EQ(text.size(), std::string(begin).size() + 1) << text;
        EXPECT_NE(text.find('\\'), std::string::npos) << text;
    }
}

TEST(MarkdownTest, WhatIsNoMarkupStaysReadable) {
    for (const char* text : {"wo_dia: image_auroc.fm 98.03 ± 0.19 [0.1, 0.2] (p < 0.05)",
                             "* adjusted p",
                             "-3.1 and 0.5",
                             "5 of 6",
                             "C:\\data"}) {
        EXPECT_EQ(paragraph(text) == text, text[0] != '*') << text;
    }
    EXPECT_EQ(paragraph("a; * adjusted p"), "a; * adjusted p");
}

TEST(MarkdownTest, NamesInTablesAreNoMarkup) {
    Table table{"t", "<b>caption", {{"*name*"}, {"n", "<i>group"}}, {}, {"> note"}};
    table.rows.push_back({{{"a|b_"}, {"1*", "", "(5)", true, Emphasis::Best}}});
    const std::string text = markdown_text(table);
    for (const char* part : {"\\<b>caption\n\n",
                             "| \\*name\\* |",
                             "\\<i>group n |",
                             "| a\\|b\\_   |",
                             "**1\\*** (5) |",
                             "\n\\> note\n"}) {
        EXPECT_NE(text.find(part), std::string::npos) << part << " in " << text;
    }
}

}  // namespace
}  // namespace harrow::analysis
