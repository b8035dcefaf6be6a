#include "analysis/figures/figures.hpp"

#include <algorithm>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "analysis/figures/plot_script.hpp"
#include "analysis/figures/svg.hpp"

namespace harrow::analysis {
namespace {

using Rows = std::vector<storage::ResultRow>;

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

void add(Rows& rows,
         const std::string& cell,
         std::uint64_t seed,
         int task,
         const std::string& class_name,
         const std::string& metric,
         double value) {
    rows.push_back({cell, cell, cell, seed, task, class_name, "routed", metric, value});
}

/// Four cells of a 2 × 2 grid, three seeds, two tasks of one class each.
Rows grid_rows() {
    Rows rows;
    for (int cell = 0; cell < 4; ++cell) {
        for (std::uint64_t seed = 0; seed < 3; ++seed) {
            const double value = 0.9 + 0.02 * cell + 0.001 * static_cast<double>(seed);
            const std::string id = "c" + std::to_string(cell);
            add(rows, id, seed, 0, "mean", "image_auroc", value + 0.01);
            add(rows, id, seed, 0, "bottle", "image_auroc", value + 0.01);
            add(rows, id, seed, 1, "mean", "image_auroc", value);
            add(rows, id, seed, 1, "bottle", "image_auroc", value - 0.01);
            add(rows, id, seed, 1, "cable", "image_auroc", value + 0.01);
            add(rows, id, seed, 1, "mean", "pixel_ap", cell == 1 ? 0.7 : 0.6 - 0.01 * cell);
        }
    }
    return rows;
}

std::vector<CellInfo> grid_cells(const std::string& name = "cell ") {
    std::vector<CellInfo> cells;
    for (int i = 0; i < 4; ++i) {
        CellInfo cell{"c" + std::to_string(i), name + std::to_string(i), {}, {}, {0, 1, 2}};
        cell.settings = {{"train.lr", i % 2 == 0 ? "1e-04" : "3e-04"},
                         {"score.top_k", i < 2 ? "3" : "10"},
                         {"seed_of_all", "1"}};
        cells.push_back(std::move(cell));
    }
    return cells;
}

Report report_of(Rows rows, const std::vector<CellInfo>& cells) {
    return make_report("demo", {}, summarise(std::move(rows), cells));
}

std::vector<Figure> all_figures(const Report& report) {
    Document document{"demo", {}, {{"results", "Results", {}}}};
    add_figures(report, document);
    std::vector<Figure> figures;
    for (const Section& section : document.sections) {
        for (const Block& block : section.blocks) {
            figures.push_back(std::get<Figure>(block));
        }
    }
    return figures;
}

TEST(FiguresTest, AGridOfCellsGivesOneOfEachKind) {
    std::set<std::string> ids;
    for (const Figure& figure : all_figures(report_of(grid_rows(), grid_cells()))) {
        EXPECT_TRUE(ids.insert(figure.id).second) << figure.id;
        EXPECT_FALSE(figure.caption.empty());
    }
    EXPECT_EQ(ids,
              (std::set<std::string>{"means-image-auroc",
                                     "pareto-image-auroc-pixel-ap",
                                     "critical-difference",
                                     "learning-image-auroc",
                                     "matrix-image-auroc-1",
                                     "matrix-image-auroc-2",
                                     "matrix-image-auroc-3",
                                     "interaction"}));
}

TEST(FiguresTest, RowsInAnotherOrderGiveTheSameScripts) {
    Rows reversed = grid_rows();
    std::reverse(reversed.begin(), reversed.end());
    const std::vector<Figure> a = all_figures(report_of(grid_rows(), grid_cells()));
    const std::vector<Figure> b = all_figures(report_of(reversed, grid_cells()));
    ASSERT_EQ(a.size(), b.size());
    for (std::size_t i = 0; i < a.size(); ++i) {
        EXPECT_EQ(a[i].script, b[i].script);
    }
}

TEST(FiguresTest, NamesAreNeverSyntax) {
    const std::string hostile = "x' \n!touch /tmp/x\n\" `date` %d $a @b ";
    for (const Figure& figure : all_figures(report_of(grid_rows(), grid_cells(hostile)))) {
        EXPECT_FALSE(contains(figure.script, "\n!")) << figure.script;
        EXPECT_FALSE(contains(figure.script, "x' ")) << "an unescaped quote: " << figure.script;
    }
    EXPECT_EQ(plot_text("a'b\nc\x02"), "'a''b c\xef\xbf\xbd'");
    EXPECT_EQ(tic_text("50 %", 40), "'50 %%'");
    EXPECT_EQ(label_text("50 %", 3), "'50…'");
}

TEST(FiguresTest, TheParetoFrontHoldsWhatNothingBeats) {
    const auto figure = pareto_figure(report_of(grid_rows(), grid_cells()));
    ASSERT_TRUE(figure);
    // c3 is best in image_auroc, c1 in pixel_ap; c2 lies below c1's pixel_ap and above c3's.
    EXPECT_TRUE(contains(figure->caption, "(3 of 4)")) << figure->caption;
    EXPECT_TRUE(contains(figure->script, hover_text("cell 1: image_auroc 0.9210")));
}

TEST(FiguresTest, TheParetoFrontHasTheDirectionOfItsMetrics) {
    Report report = report_of(grid_rows(), grid_cells());
    report.objective.goal = sweeps::Goal::Minimize;
    // Least image_auroc: c0; c1 is best in pixel_ap.
    EXPECT_TRUE(contains(pareto_figure(report)->caption, "(2 of 4)"))
        << pareto_figure(report)->caption;
    Rows rows = grid_rows();
    for (storage::ResultRow& row : rows) {
        row.metric = row.metric == "pixel_ap" ? "seconds" : row.metric;
    }
    report = report_of(rows, grid_cells());
    report.compare.metrics = {"image_auroc", "seconds"};
    const Figure figure = pareto_figure(report).value();
    EXPECT_FALSE(contains(figure.caption, "joined")) << figure.caption;
    EXPECT_FALSE(contains(figure.script, "$front")) << figure.script;
    EXPECT_TRUE(contains(figure.script, "plot $others")) << figure.script;
}

TEST(FiguresTest, MeansSayTheirInterval) {
    const auto figure = means_figure(report_of(grid_rows(), grid_cells()));
    ASSERT_TRUE(figure);
    const std::size_t best = figure->script.find("cell 3"), worst = figure->script.find("cell 0");
    EXPECT_LT(best, worst) << "best first";
    EXPECT_TRUE(contains(figure->script, "xerrorbars"));
    Rows single;
    add(single, "c0", 0, 0, "mean", "image_auroc", 0.5);
    const auto one = means_figure(report_of(single, grid_cells()));
    ASSERT_TRUE(one);
    EXPECT_FALSE(contains(one->script, "xerrorbars")) << "one seed has no interval";
    EXPECT_FALSE(means_figure(report_of({}, grid_cells())));
}

TEST(FiguresTest, RanksNeedEqualSeedsAndData) {
    std::vector<CellInfo> cells = grid_cells();
    EXPECT_TRUE(critical_difference_figure(report_of(grid_rows(), cells)));
    cells[0].data_digest = "other", cells[1].data_digest = "other";
    EXPECT_FALSE(critical_difference_figure(report_of(grid_rows(), cells)));
    Rows rows = grid_rows();
    rows.erase(std::remove_if(rows.begin(),
                              rows.end(),
                              [](const auto& row) {
                                  return row.seed == 2 && (row.cell == "c1" || row.cell == "c2");
                              }),
               rows.end());
    EXPECT_FALSE(critical_difference_figure(report_of(rows, grid_cells())));
}

TEST(FiguresTest, AnInteractionNeedsAFullGridWithEverythingElseEqual) {
    const auto figure = interaction_figure(report_of(grid_rows(), grid_cells()));
    ASSERT_TRUE(figure);
    EXPECT_TRUE(contains(figure->caption, "score.top_k and train.lr")) << figure->caption;
    std::vector<CellInfo> cells = grid_cells();
    cells[3].settings["seed_of_all"] = "2";
    EXPECT_FALSE(interaction_figure(report_of(grid_rows(), cells)));
}

TEST(SvgTest, WhatGnuplotWroteFitsAPage) {
    const std::string svg = finished_svg(
        "<?xml version=\"1.0\"?>\n<svg width=\"6\">\n<title>Gnuplot</title>\n<defs>\n"
        "\t<circle id='gpPt5'/>\n\t<use xlink:href='#gpPt5' id='gpPt6'/>\n\t<path id='gpPt9'/>\n"
        "</defs>\n<g fill=\"none\">\n<g stroke=\"black\">\n</g>\n</g>\n"
        "<g id=\"gnuplot_plot_1\" ><title>gnuplot_plot_1</title>\n<path stroke='black'/>\n"
        "\t<g onmousemove=\"gnuplot_svg.showHypertext(evt,'" +
            hover_text("a < \"b\"") +
            "')\" onmouseout=\"gnuplot_svg.hideHypertext()\"><title> </title>\n"
            "<use xlink:href='#gpPt6'/></g>\n</g>\n</svg>\n",
        "f1");
    EXPECT_TRUE(contains(svg, "<title>a &lt; \"b\"</title>")) << svg;
    EXPECT_TRUE(contains(svg, "'#f1-gpPt6'") && contains(svg, "id='f1-gpPt5'"));
    for (const char* gone : {"onmouse", "gnuplot", "black", "gpPt9", "'#gp", "<g fill", "<?xml"}) {
        EXPECT_FALSE(contains(svg, gone)) << gone << "\n" << svg;
    }
}

TEST(SvgTest, DatesOfAPdfBecomeOne) {
    EXPECT_EQ(without_dates("x /CreationDate (D:20261122140718Z) y"),
              "x /CreationDate (D:20000101000000Z) y");
}

TEST(FiguresTest, WhatUsersWroteIsLeftAlone) {
    const std::string name = "a xmlns=\"gone\" fill='black' id='gpPt5' '#gpPt5' xlink:href";
    const std::string svg =
        inline_svg(finished_svg("<svg xmlns=\"http://www.w3.org/2000/svg\" fill='black'>\n"
                                "<text><tspan stroke='black' >" +
                                    name + "</tspan></text>\n</svg>\n",
                                "f1"));
    EXPECT_TRUE(contains(svg, "<tspan stroke='currentColor' >" + name + "</tspan>")) << svg;
    EXPECT_TRUE(contains(svg, "<svg fill='currentColor'>")) << svg;
}

}  // namespace
}  // namespace harrow::analysis
