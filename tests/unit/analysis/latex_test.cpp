#include "analysis/document/latex.hpp"

#include <string>

#include <gtest/gtest.h>

namespace harrow::analysis {
namespace {

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

Table table() {
    Table result{
        "main-table", "50 % of Δ", {{"cell", "", true}, {"I ↑", "MVTec"}, {"P", "MVTec"}, {"n"}}};
    result.rows.push_back({{{"w/o_DIA"},
                            {"98.03", "0.19", "", true, Emphasis::Best},
                            {"97.81", "0.03", "(4)", true, Emphasis::Tie},
                            {"–"}}});
    result.rows.push_back({{{"[b]*"},
                            {"+1,5", "", "", true, Emphasis::None, "†"},
                            {"<0.001", "", "", true},
                            {"−3", "", "", true}},
                           true});
    result.notes = {"† other lr"};
    return result;
}

TEST(LatexTest, ValuesAreFormulasWithTheirEmphasis) {
    const std::string text = latex_text(table());
    EXPECT_TRUE(contains(text, "$\\mathbf{98.03 \\pm 0.19}$")) << text;
    EXPECT_TRUE(contains(text, "\\underline{$97.81 \\pm 0.03$}~{\\scriptsize (4)}"));
    EXPECT_TRUE(contains(text, "$+1{,}5$\\textsuperscript{\\dag{}} & $<0.001$ & $-3$"));
    EXPECT_TRUE(contains(text, "w/o\\_DIA & "));
    EXPECT_TRUE(contains(text, " & -- \\\\\n\\midrule\n{[}b{]}{*} & ")) << text;
    EXPECT_TRUE(contains(text, "{\\footnotesize \\dag{} other lr\\par}"));
}

TEST(LatexTest, GroupsOfColumnsHaveARule) {
    EXPECT_TRUE(
        contains(latex_text(table()),
                 "\\begin{tabular}{lrrr}\n\\toprule\n & \\multicolumn{2}{c}{MVTec} &  \\\\\n"
                 "\\cmidrule(lr){2-3}\ncell & I $\\uparrow$ & P & n \\\\\n\\midrule\n"))
        << latex_text(table());
}

TEST(LatexTest, ADocumentPrintsItsTablesForPrint) {
    Table draft = table();
    draft.id = "draft";
    draft.is_for_print = false;
    const std::string text =
        latex_text(Document{"a\n\\b", {}, {{"s", "S", {table(), draft, Paragraph{"words"}}}}});
    EXPECT_TRUE(contains(text, "\\caption{50 \\% of $\\Delta$}\n\\label{tab:main-table}\n"));
    EXPECT_FALSE(contains(text, "draft"));
    EXPECT_FALSE(contains(text, "words"));
    EXPECT_EQ(text.rfind("% a \\textbackslash{}b: ", 0), 0U) << "one line of comment";
}

TEST(LatexTest, EveryCharacterIsSetAsItIsWritten) {
    EXPECT_EQ(latex_escaped("a--b---c ''"), "a-{}-b-{}-{}-c '{}'");
    EXPECT_EQ(latex_escaped("\\{}$&#%_~^<>|\""),
              "\\textbackslash{}\\{\\}\\$\\&\\#\\%\\_\\textasciitilde{}\\textasciicircum{}"
              "\\textless{}\\textgreater{}\\textbar{}\\char`\\\"{}");
    EXPECT_EQ(latex_escaped("naïve Œ ±Δ↑↓★–"),
              "naïve Œ $\\pm$$\\Delta$$\\uparrow$$\\downarrow$$\\star$--");
    EXPECT_EQ(latex_escaped("中\xff\x01"), "U+4E2D??");
}

}  // namespace
}  // namespace harrow::analysis
