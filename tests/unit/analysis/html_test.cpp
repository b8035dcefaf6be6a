#include "analysis/document/html.hpp"

#include <set>
#include <string>

#include <gtest/gtest.h>

namespace harrow::analysis {
namespace {

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

TableCell number(const std::string& text, const std::string& spread, Emphasis emphasis) {
    TableCell cell{text, spread, "(5)", true, emphasis};
    return cell;
}

Document document(const std::string& name) {
    Table table{"cells", name, {{name, "", true}, {"image", name}, {"pixel", name}, {"n"}}};
    table.rows.push_back({{{name},
                           number("98.03", "0.19", Emphasis::Best),
                           number("97.81", "0.03", Emphasis::Tie),
                           {"5", "", "", true, Emphasis::None, "†", name}}});
    table.notes = {"† " + name};
    Gallery gallery{name, {{name, {0x89, 'P', 'N', 'G', 0}}}};
    return {name,
            {Paragraph{name + " 98.03 ± 0.19"}},
            {{"cells", name, {table, gallery}}, {"more", "More", {Paragraph{name, true}}}}};
}

TEST(HtmlTest, NothingOfANameIsMarkup) {
    const std::string text = html_text(document("<script>\"x\"'&\x01\xff\xe2\x80\xae</b>"));
    EXPECT_FALSE(contains(text, "<script"));
    EXPECT_FALSE(contains(text, "</b><"));
    EXPECT_FALSE(contains(text, "\x01"));
    EXPECT_FALSE(contains(text, "\xff"));
    EXPECT_FALSE(contains(text, "\xe2\x80\xae")) << "a bidirectional control";
    EXPECT_TRUE(contains(text, "title=\"&lt;script&gt;&quot;x&quot;&#39;&amp;"));
    EXPECT_TRUE(contains(text, "<title>&lt;script&gt;"));
}

TEST(HtmlTest, ValuesKeepTheirSpreadAndTheirEmphasis) {
    const std::string text = html_text(document("main"));
    EXPECT_TRUE(contains(text, "<b>98.03&nbsp;±&nbsp;0.19</b>&nbsp;<small>(5)</small>")) << text;
    EXPECT_TRUE(contains(text, "<u>97.81&nbsp;±&nbsp;0.03</u>"));
    EXPECT_TRUE(contains(text, "main 98.03&nbsp;±&nbsp;0.19</p>"));
    EXPECT_TRUE(contains(text, "5<sup>†</sup>"));
    EXPECT_TRUE(contains(text, "colspan=\"2\">main</th>"));
    EXPECT_TRUE(contains(text, "<th scope=\"col\" rowspan=\"2\">n</th>"));
    EXPECT_TRUE(contains(text, "class=\"warning\""));
    Document negative{"n", {Table{"t", "", {{"x"}}, {{{{"-3.1", "", "", true}}}, {{{"-a"}}}}}}, {}};
    EXPECT_TRUE(contains(html_text(negative), "<td>−3.1</td>"));
    EXPECT_TRUE(contains(html_text(negative), "<td>-a</td>"));
}

TEST(HtmlTest, ThePageStandsAlone) {
    const std::string text = html_text(document("main"), {100, true});
    EXPECT_TRUE(contains(text, "<html lang=\"en\">"));
    EXPECT_TRUE(contains(text, "alt=\"main\" src=\"data:image/png;base64,iVBORwA=\""));
    for (const char* outside : {"http:", "https:", "url(", "@import", "<script", "src=\"f", "//"}) {
        EXPECT_FALSE(contains(text, outside)) << outside;
    }
    EXPECT_TRUE(contains(text, "href=\"tables.tex\""));
    EXPECT_FALSE(contains(html_text(document("main")), "href=\"tables.tex\""));
}

TEST(HtmlTest, IdsAreUniqueThoughASectionAndATableShareAName) {
    const std::string text = html_text(document("main"));
    std::set<std::string> ids;
    for (std::size_t at = 0; (at = text.find(" id=\"", at)) != std::string::npos;) {
        at += 5;
        EXPECT_TRUE(ids.insert(text.substr(at, text.find('"', at) - at)).second);
    }
    EXPECT_EQ(ids.size(), 3U);
    EXPECT_TRUE(contains(text, "<a href=\"#cells\">"));
}

TEST(HtmlTest, LongTablesShowTheirFirstRowsAndTheBest) {
    Document long_document = document("main");
    Table& table = std::get<Table>(long_document.sections[0].blocks[0]);
    for (int i = 0; i < 50; ++i) {
        table.rows.push_back({{{"row " + std::to_string(i)}, {"1"}, {"2"}, {"3"}}});
    }
    table.rows.back().cells[1].emphasis = Emphasis::Tie;
    const std::string text = html_text(long_document, {10, false});
    EXPECT_TRUE(contains(text, "row 8<"));
    EXPECT_FALSE(contains(text, "row 9<"));
    EXPECT_TRUE(contains(text, "row 49<"));
    EXPECT_TRUE(contains(text, "11 of 51 rows are shown; all are in report.md."));
    EXPECT_TRUE(contains(html_text(long_document, {0, false}), "row 40<"));
}

TEST(HtmlTest, AFigureThatWasNotDrawnLeavesNothing) {
    Document drawn = document("main");
    drawn.sections[1].blocks.emplace_back(Figure{"curve", "A curve", "plot x"});
    EXPECT_FALSE(contains(html_text(drawn), "A curve"));
    std::get<Figure>(drawn.sections[1].blocks.back()).svg =
        "<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\">"
        "<use xlink:href='#curve-gpPt1'/></svg>";
    const std::string text = html_text(drawn, {100, true});
    EXPECT_TRUE(contains(text, "<use href='#curve-gpPt1'/>"));
    EXPECT_TRUE(contains(text, "aria-label=\"A curve\""));
    EXPECT_TRUE(contains(text, "href=\"figures/curve.pdf\""));
    EXPECT_FALSE(contains(text, "http:"));
}

}  // namespace
}  // namespace harrow::analysis
