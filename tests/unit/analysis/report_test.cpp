#include "analysis/report.hpp"

#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "analysis/document/html.hpp"
#include "analysis/report_csv.hpp"
#include "analysis/report_json.hpp"
#include "analysis/report_latex.hpp"
#include "analysis/report_markdown.hpp"
#include "analysis/report_terminal.hpp"
#include "analysis/sections/sections.hpp"
#include "analysis/table.hpp"

namespace harrow::analysis {
namespace {

storage::ResultRow row(const std::string& cell,
                       std::uint64_t seed,
                       const std::string& class_name,
                       const std::string& metric,
                       double value) {
    return {cell + ".s" + std::to_string(seed),
            cell,
            cell,
            seed,
            1,
            class_name,
            "routed",
            metric,
            value};
}

std::vector<storage::ResultRow> rows() {
    return {row("main", 0, "mean", "image_auroc", 0.981),
            row("main", 1, "mean", "image_auroc", 0.9822),
            row("main", 2, "mean", "image_auroc", 0.9816),
            row("main", 0, "bottle", "image_auroc", 0.99),
            row("main", 0, "mean", "image_auroc.fm", -1e-9),
            row("main", 0, "mean", "seconds", 12.5),
            row("w/o_DIA & 50% | x", 0, "mean", "image_auroc", 0.1 + 0.2)};
}

const std::vector<CellInfo> kCells = {{"main", "main", {"main"}, {"t"}, {0, 1, 2}},
                                      {"w/o_DIA & 50% | x", "w/o_DIA & 50% | x", {}, {}, {0, 1}}};

Report report(bool percent = false) {
    return make_report(
        "demo", {}, summarise(rows(), kCells, {{"main", 2, "failed", "boom"}}), percent);
}

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

TEST(ReportTest, DecimalsFollowTheUnit) {
    EXPECT_EQ(metric_format(report(), "image_auroc").decimals, 4);
    EXPECT_EQ(metric_format(report(), "seconds").decimals, 2);
    EXPECT_EQ(metric_format(report(true), "image_auroc").factor, 100);
    EXPECT_EQ(metric_format(report(true), "seconds").factor, 1);
    EXPECT_EQ(fixed_text(-0.00001, 4), "0.0000");
    EXPECT_EQ(fixed_text(-0.125, 2), "-0.12");
}

TEST(ReportTest, MarkdownHoldsMeanStdAndNTogether) {
    const std::string text = markdown_report(report());
    EXPECT_TRUE(contains(text, "| 0.9816 ± 0.0006 (3)")) << text;  // no other cell has its seeds
    EXPECT_TRUE(contains(text, "0.3000 (1)")) << text;
    EXPECT_TRUE(contains(text, "12.50 (1)")) << text;
    EXPECT_TRUE(contains(text, "w/o_DIA & 50% \\| x")) << text;
    EXPECT_TRUE(contains(text, "bottle")) << text;
    EXPECT_TRUE(contains(text, "ORACLE-SELECTED, 2 configurations: selected on the test data"))
        << text;
    EXPECT_TRUE(contains(text, "4 of 5 trials finished")) << text;
    EXPECT_TRUE(contains(text, "boom")) << text;
    EXPECT_TRUE(contains(text, "no result yet")) << text;
    EXPECT_TRUE(contains(markdown_report(report(true)), "| 98.16 ± 0.06 (3)"));
}

TEST(ReportTest, CsvHasOneLinePerCellAndMetric) {
    std::istringstream lines(csv_report(report()));
    std::vector<std::string> all;
    for (std::string line; std::getline(lines, line);) {
        all.push_back(line);
    }
    ASSERT_EQ(all.size(), 1U + 2 * 3);
    EXPECT_EQ(all[0], "cell,cell_name,metric,n,missing,mean,std,ci95_low,ci95_high");
    EXPECT_EQ(all[1].rfind("main,main,image_auroc,3,0,0.98", 0), 0U) << all[1];
    EXPECT_TRUE(std::any_of(all.begin(), all.end(), [](const std::string& line) {
        return contains(line, "image_auroc,1,1,0.30000000000000004,,,");
    })) << csv_report(report());
    EXPECT_TRUE(contains(csv_report(report()), "seconds,0,2,,,,"));
}

TEST(ReportTest, LongAndWideCsvHoldEverySeed) {
    Report published = report();
    published.summary.cells[0].info.published["mean"]["aupro"] = {0.93, 0.01};
    const std::string text = csv_long(published);
    EXPECT_TRUE(contains(text, "class,std\nmain,0,image_auroc,0.981,mean,\n")) << text;
    EXPECT_TRUE(contains(text, "\nmain,,aupro,0.93,mean,0.01\n")) << text;
    const std::string own = csv_long(report());
    EXPECT_EQ(own.rfind("cell,seed,metric,value,class\nmain,0,image_auroc,0.981,mean\n", 0), 0U);
    EXPECT_TRUE(contains(own, "\nmain,0,image_auroc,0.99,bottle\n")) << own;
    EXPECT_TRUE(contains(own, "\nw/o_DIA & 50% | x,0,image_auroc,0.30000000000000004,mean\n"));
    EXPECT_EQ(csv_wide(report()),
              "cell,seed,image_auroc,image_auroc.fm,seconds\n"
              "main,0,0.981,-1e-09,12.5\n"
              "main,1,0.9822,,\n"
              "main,2,0.9816,,\n"
              "w/o_DIA & 50% | x,0,0.30000000000000004,,\n");
}

TEST(ReportTest, JsonKeepsEveryDigitAndEveryGap) {
    const auto json = nlohmann::json::parse(json_report(report()));
    const auto& main = json.at("cells").at(0);
    EXPECT_EQ(main.at("id"), "main");
    EXPECT_EQ(main.at("n"), 3);
    EXPECT_TRUE(main.at("missing").empty());
    const auto& auroc = main.at("metrics").at("image_auroc");
    EXPECT_EQ(auroc.at("values").at("1").get<double>(), 0.9822);
    EXPECT_NEAR(auroc.at("std").get<double>(), 0.0006, 1e-12);
    const auto& other = json.at("cells").at(1);
    EXPECT_EQ(other.at("name"), "w/o_DIA & 50% | x");
    EXPECT_EQ(other.at("n"), 1);
    EXPECT_EQ(other.at("missing"), nlohmann::json({1}));
    EXPECT_TRUE(other.at("metrics").at("image_auroc").at("std").is_null());
    EXPECT_EQ(other.at("metrics").at("image_auroc").at("mean").get<double>(), 0.1 + 0.2);
    EXPECT_FALSE(other.at("metrics").contains("seconds"));
    EXPECT_EQ(json.at("best").at("cell"), "main");
    EXPECT_EQ(json.at("notes").at(0).at("reason"), "boom");
}

TEST(ReportTest, JsonSaysWhatTheSelectionRestsOn) {
    Report tied = report();
    EXPECT_EQ(nlohmann::json::parse(json_report(tied)).at("best").at("stamp"),
              "ORACLE-SELECTED, 2 configurations");
    tied.selection.selected_on = "val_synth";
    tied.selection.ties.cells = {1};
    tied.selection.curse.expected = 0.25;
    const auto best = nlohmann::json::parse(json_report(tied)).at("best");
    EXPECT_EQ(best.at("selected_on"), "val_synth");
    EXPECT_TRUE(best.at("stamp").is_null());
    EXPECT_EQ(best.at("tied"), nlohmann::json({"w/o_DIA & 50% | x"}));
    EXPECT_EQ(best.at("winners_curse").at("expected"), 0.25);
}

TEST(ReportTest, JsonHasPublishedValuesApartFromMeasuredOnes) {
    Report theirs = report();
    theirs.summary.cells[0].info.published = {{"mean", {{"aupro", {0.93, 0.002}}}},
                                              {"bottle", {{"aupro", {0.9, std::nullopt}}}}};
    const auto json = nlohmann::json::parse(json_report(theirs));
    const auto& published = json.at("cells").at(0).at("published");
    EXPECT_EQ(published.at("mean").at("aupro").at("mean").get<double>(), 0.93);
    EXPECT_EQ(published.at("mean").at("aupro").at("std").get<double>(), 0.002);
    EXPECT_TRUE(published.at("bottle").at("aupro").at("std").is_null());
    EXPECT_FALSE(json.at("cells").at(0).at("metrics").contains("aupro"));
    EXPECT_TRUE(json.at("cells").at(1).at("published").empty());
}

TEST(ReportTest, JsonOfNothingIsValid) {
    const auto json = nlohmann::json::parse(json_report(make_report("x\xff\"", {}, {})));
    EXPECT_TRUE(json.at("cells").empty());
    EXPECT_TRUE(json.at("best").at("cell").is_null());
}

TEST(ReportTest, LatexEscapesNamesAndKeepsMathWhole) {
    const std::string text = latex_report(report(true));
    EXPECT_TRUE(contains(text, "$98.16 \\pm 0.06$")) << text;  // no other cell has its seeds
    EXPECT_TRUE(contains(text, "w/o\\_DIA \\& 50\\% \\textbar{} x & 1/2 & $30.00$")) << text;
    EXPECT_TRUE(contains(text, "image\\_auroc (\\%)")) << text;
    EXPECT_FALSE(contains(text, "±"));
}

TEST(ReportTest, TerminalTableFitsItsWidth) {
    for (const int width : {40, 60, 80, 200}) {
        std::istringstream lines(terminal_table(report(), width));
        for (std::string line; std::getline(lines, line);) {
            EXPECT_LE(display_width(line), static_cast<std::size_t>(width)) << line;
        }
    }
    const std::string wide = terminal_table(report(), 200);
    EXPECT_TRUE(contains(wide, "0.9816 ± 0.0006")) << wide;
    EXPECT_TRUE(contains(wide, "1/2")) << wide;
    EXPECT_FALSE(contains(wide, "more metrics")) << wide;
    EXPECT_TRUE(contains(terminal_table(report(), 45), "2 more metrics"));
}

TEST(ReportTest, EqualRowsGiveEqualBytes) {
    std::vector<storage::ResultRow> reversed = rows();
    std::reverse(reversed.begin(), reversed.end());
    const Report a = report();
    const Report b =
        make_report("demo", {}, summarise(reversed, kCells, {{"main", 2, "failed", "boom"}}));
    EXPECT_EQ(markdown_report(a), markdown_report(b));
    EXPECT_EQ(csv_report(a), csv_report(b));
    EXPECT_EQ(csv_long(a), csv_long(b));
    EXPECT_EQ(csv_wide(a), csv_wide(b));
    EXPECT_EQ(html_text(report_document(a)), html_text(report_document(b)));
    EXPECT_EQ(json_report(a), json_report(b));
    EXPECT_EQ(latex_report(a), latex_report(b));
    EXPECT_EQ(terminal_table(a, 80), terminal_table(b, 80));
}

TEST(ReportTest, BestTextSaysWhatItRestsOn) {
    Report partial = report();
    partial.objective.metric = "image_auroc.fm";
    partial.objective.goal = sweeps::Goal::Minimize;
    partial.selection = select_best(partial.summary, partial.objective);
    EXPECT_EQ(best_text(partial),
              "Best cell by lowest image_auroc.fm: main, 0.0000 (1) of 3 seeds. ORACLE-SELECTED, 1 "
              "configuration: selected on the test data.");
    partial.objective.metric = "aupro";
    partial.selection = select_best(partial.summary, partial.objective);
    EXPECT_TRUE(contains(best_text(partial), "no cell has a value of aupro"));
}

}  // namespace
}  // namespace harrow::analysis
