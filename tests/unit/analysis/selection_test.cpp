#include "analysis/selection/selection.hpp"

#include <cmath>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "analysis/report.hpp"
#include "analysis/report_markdown.hpp"
#include "analysis/selection/pareto.hpp"
#include "analysis/selection/rules.hpp"
#include "analysis/selection/selection_text.hpp"
#include "sweeps/error.hpp"
#include "sweeps/metric_kind.hpp"

namespace harrow::analysis {
namespace {

using sweeps::Goal;
using Names = std::vector<std::string>;
using Cells = std::vector<std::size_t>;

/// Seeds 0, 1, … of one class or "mean".
std::vector<storage::ResultRow> rows(const std::string& cell,
                                     const std::string& metric,
                                     const std::vector<double>& values,
                                     const std::string& class_name = "mean") {
    std::vector<storage::ResultRow> result;
    for (std::size_t seed = 0; seed < values.size(); ++seed) {
        result.push_back({cell + ".s" + std::to_string(seed),
                          cell,
                          cell,
                          seed,
                          0,
                          class_name,
                          "routed",
                          metric,
                          values[seed]});
    }
    return result;
}

Summary summary_of(const std::vector<std::vector<storage::ResultRow>>& parts) {
    std::vector<storage::ResultRow> all;
    std::vector<CellInfo> cells;
    std::set<std::string> seen;
    for (const auto& part : parts) {
        for (const storage::ResultRow& row : part) {
            all.push_back(row);
            if (seen.insert(row.cell).second) {
                cells.push_back({row.cell, row.cell, {row.cell}, {}, {}});
            }
        }
    }
    return summarise(all, cells);
}

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

std::string joined(const Names& lines) {
    std::string text;
    for (const std::string& line : lines) {
        text += line + "\n";
    }
    return text;
}

std::string message_of(const std::function<void()>& action) {
    try {
        action();
    } catch (const sweeps::UsageError& error) {
        return error.what();
    }
    return "";
}

TEST(TiesTest, WhatSeedsCannotTellApartIsTied) {
    const Summary summary =
        summary_of({rows("best", "m", {0.90, 0.91, 0.92, 0.93, 0.94}),
                    rows("near", "m", {0.91, 0.90, 0.92, 0.92, 0.94}),  // -0.002 on average
                    rows("far", "m", {0.80, 0.81, 0.83, 0.83, 0.84}),
                    rows("other", "m", {0.70})});
    const Selection selection = select_best(summary, {"m", Goal::Maximize, {}});
    EXPECT_EQ(selection.cell, 0U);
    EXPECT_EQ(selection.ties.cells, Cells{1});
    EXPECT_EQ(selection.ties.tested, 2U);
    EXPECT_EQ(selection.candidates, (Cells{0, 1, 2})) << "one seed where most have five";
    // Wilcoxon's test cannot separate anything by five seeds, and says so.
    Report report = make_report("demo", {"m", Goal::Maximize, {}}, summary);
    report.compare.test = "wilcoxon";
    report.selection = select_best(summary, report.objective, {"wilcoxon", 0.05});
    EXPECT_EQ(report.selection.ties.cells, (Cells{1, 2}));
    EXPECT_TRUE(contains(joined(selection_lines(report)), "cannot give less than p = 0.0625"));
}

TEST(TiesTest, HolmKeepsManyComparisonsFromSeparating) {
    // p of the pair alone is 0.031; over three such cells Holm gives 0.092.
    const std::vector<double> best = {0.90, 0.91, 0.92, 0.93, 0.94};
    std::vector<double> lower;
    const std::vector<double> by = {0.01, 0.03, 0.02, 0.005, 0.03};
    for (std::size_t i = 0; i < best.size(); ++i) {
        lower.push_back(best[i] - by[i]);
    }
    const auto tied = [&](int count) {
        std::vector<std::vector<storage::ResultRow>> parts = {rows("best", "m", best)};
        for (int i = 0; i < count; ++i) {
            parts.push_back(rows("c" + std::to_string(i), "m", lower));
        }
        return select_best(summary_of(parts), {"m", Goal::Maximize, {}}).ties.cells.size();
    };
    EXPECT_EQ(tied(1), 0U);
    EXPECT_EQ(tied(3), 3U);
}

TEST(TiesTest, WhatHolmPutsOutOfReachIsSaidAndNotUnderlined) {
    std::vector<std::vector<storage::ResultRow>> parts = {
        rows("best", "image_auroc", std::vector<double>(8, 0.99))};
    for (int i = 0; i < 7; ++i) {
        parts.push_back(rows("c" + std::to_string(i),
                             "image_auroc",
                             {0.60, 0.61, 0.62, 0.63, 0.64, 0.65, 0.66, 0.67}));
    }
    Report report = make_report("demo", {"image_auroc", Goal::Maximize, {}}, summary_of(parts));
    ComparisonOptions options;
    options.test = "wilcoxon";
    compare_report(report, options);
    const std::string text = markdown_report(report);
    EXPECT_TRUE(contains(text, "p = 0.007812, after Holm's correction 0.05469")) << text;
    EXPECT_FALSE(contains(text, "<u>")) << text;
}

TEST(TiesTest, OneSeedCannotTell) {
    const Report report = make_report("demo",
                                      {"m", Goal::Maximize, {}},
                                      summary_of({rows("a", "m", {0.9}), rows("b", "m", {0.8})}));
    EXPECT_TRUE(report.selection.ties.cells.empty());
    const std::string text = joined(selection_lines(report));
    EXPECT_TRUE(contains(text, "cannot be told")) << text;
    EXPECT_TRUE(contains(text, "Winner's curse: not known, one seed per cell")) << text;
}

TEST(SeedsTest, FewSeedsDoNotWinSilently) {
    const Summary summary = summary_of({rows("a", "m", {0.5, 0.6, 0.7}),
                                        rows("b", "m", {0.6, 0.6, 0.6}),
                                        rows("lucky", "m", {0.99})});
    const Selection selection = select_best(summary, {"m", Goal::Maximize, {}});
    EXPECT_EQ(selection.compared, 3U);
    EXPECT_NE(selection.cell, 2U);
    EXPECT_EQ(selection.passed_over, Cells{2});
    EXPECT_TRUE(contains(joined(selection.notes), "lucky (1 seed)")) << joined(selection.notes);
    // Planned so, and usual: it may win, and it is said.
    const Selection short_block = select_best(summary_of({rows("a", "m", {0.5, 0.6, 0.7}),
                                                          rows("b", "m", {0.9, 0.9}),
                                                          rows("c", "m", {0.8, 0.8})}),
                                              {"m", Goal::Maximize, {}});
    EXPECT_EQ(short_block.cell, 1U);
    EXPECT_TRUE(contains(joined(short_block.notes), "2 seeds, others up to 3"));
}

// Expected values of the largest of m: quadrature of x m phi(x) Phi(x)^(m-1), written by itself.
TEST(SeedsTest, OtherSeedsAreSaid) {
    auto other = rows("b", "m", {0.97, 0.98});
    for (storage::ResultRow& row : other) {
        row.seed += 7;
    }
    const Selection selection =
        select_best(summary_of({rows("a", "m", {0.9, 0.91}), other}), {"m", Goal::Maximize, {}});
    EXPECT_EQ(selection.cell, 1U);
    EXPECT_TRUE(contains(joined(selection.notes), "1 cell was run on other seeds"))
        << joined(selection.notes);
}

TEST(OptimismTest, ExpectedMaximumOfNormals) {
    EXPECT_EQ(expected_maximum(1), 0);
    EXPECT_NEAR(expected_maximum(2), 1 / std::sqrt(3.14159265358979323846), 1e-9);
    EXPECT_NEAR(expected_maximum(5), 1.1629644736405058, 1e-9);
    EXPECT_NEAR(expected_maximum(144), 2.63527104900248, 1e-9);
    EXPECT_NEAR(expected_maximum(500), 3.036699345928893, 1e-9);
}

TEST(OptimismTest, WinnersCurseOfTheSeedsTable) {
    const WinnersCurse curse = winners_curse({{1, 3}, {2, 2}, {0, 4}}, 3, Goal::Maximize);
    EXPECT_EQ(curse.n, 2U);
    EXPECT_NEAR(*curse.sigma, std::sqrt((2.0 + 0 + 8) / 3), 1e-12);  // pooled variance
    EXPECT_NEAR(*curse.expected, *curse.sigma / std::sqrt(2.0) * expected_maximum(3), 1e-12);
    // Resamples that leave a seed out are {0,0} and {1,1}: the best is then 2 (value 2, outside 2)
    // or 3 (4, outside 0): on average (0 + 4) / 2, half of each with many resamples.
    ASSERT_TRUE(curse.bootstrap);
    EXPECT_NEAR(*curse.bootstrap, 2, 0.25);
    EXPECT_FALSE(winners_curse({{1}, {2}}, 2, Goal::Maximize).expected);
    EXPECT_FALSE(winners_curse({{1, 2}}, 1, Goal::Maximize).expected);
    EXPECT_NEAR(
        *winners_curse({{-1, -3}, {-2, -2}, {0, -4}}, 3, Goal::Minimize).bootstrap, 2, 0.25);
}

TEST(ParetoTest, FrontOfTwoMetrics) {
    const Summary summary = summary_of({rows("a", "x", {1.0}),
                                        rows("a", "y", {3.0}),
                                        rows("b", "x", {2.0}),
                                        rows("b", "y", {2.0}),
                                        rows("c", "x", {2.0}),
                                        rows("c", "y", {1.0}),
                                        rows("d", "x", {3.0}),
                                        rows("d", "y", {1.0}),
                                        rows("e", "x", {9.0})});
    const Cells all = {0, 1, 2, 3, 4};
    EXPECT_EQ(pareto_front(summary, {{"x", Goal::Maximize}, {"y", Goal::Maximize}}, all),
              (Cells{3, 1, 0}));
    EXPECT_EQ(pareto_front(summary, {{"x", Goal::Minimize}, {"y", Goal::Maximize}}, all), Cells{0});
}

TEST(SplitTest, OnlyHeldOutDataIsNoOracle) {
    EXPECT_EQ(sweeps::split_of("val_synth.image_auroc"), "val_synth");
    EXPECT_EQ(sweeps::split_of("val_normal.nll"), "val_normal");
    EXPECT_EQ(sweeps::split_of("image_auroc.fm"), "test");
    EXPECT_EQ(sweeps::known_goal("val_normal.nll"), Goal::Minimize);
    EXPECT_EQ(sweeps::known_goal("image_auroc.fm"), Goal::Minimize);
    EXPECT_EQ(sweeps::known_goal("I-AUROC (%)"), Goal::Maximize);
    EXPECT_FALSE(sweeps::known_goal("seconds"));
    const Summary summary = summary_of({rows("a", "val_synth.m", {0.9}),
                                        rows("a", "m", {0.5}),
                                        rows("b", "val_synth.m", {0.8}),
                                        rows("b", "m", {0.6})});
    const Selection legal = select_best(summary, {"val_synth.m", Goal::Maximize, {}});
    EXPECT_EQ(legal.cell, 0U);
    EXPECT_EQ(legal.selected_on, "val_synth");
    EXPECT_TRUE(legal.stamp().empty());
    const Selection peeked = select_best(summary, {"val_synth.m", Goal::Maximize, {"m > 0.1"}});
    EXPECT_EQ(peeked.stamp(), "ORACLE-SELECTED, 2 configurations") << "a constraint on test data";
    const RuleResult rule =
        judge_selection(summary, {"m", Goal::Maximize, {}}, *legal.cell, "val_synth.m");
    EXPECT_EQ(*rule.statistics.mean, 0.5);
    EXPECT_EQ(rule.oracle_cell, 1U);
    EXPECT_NEAR(rule.gap, 0.1, 1e-12);
}

TEST(LeaveOutTest, EachClassIsReportedByACellChosenWithoutIt) {
    // By hand: without x: b (0.5 of y, z) 0.35 against a (0.3+0.3)/2; …
    const auto cell = [](const std::string& name, double x, double y, double z) {
        std::vector<storage::ResultRow> all = rows(name, "m", {(x + y + z) / 3, (x + y + z) / 3});
        for (const auto& [class_name, value] :
             std::map<std::string, double>{{"x", x}, {"y", y}, {"z", z}}) {
            const auto more = rows(name, "m", {value - 0.01, value + 0.01}, class_name);
            all.insert(all.end(), more.begin(), more.end());
        }
        return all;
    };
    const Summary summary =
        summary_of({cell("a", 0.9, 0.3, 0.3), cell("b", 0.2, 0.5, 0.4), cell("c", 0.1, 0.1, 0.1)});
    const RuleResult rule = leave_categories_out(summary, {"m", Goal::Maximize, {}});
    ASSERT_EQ(rule.folds.size(), 3U);
    EXPECT_EQ(rule.folds[0].class_name, "x");
    EXPECT_EQ(rule.folds[0].cell, 1U);
    EXPECT_NEAR(rule.folds[0].selected_by, 0.45, 1e-12);
    EXPECT_NEAR(rule.folds[0].held_out, 0.2, 1e-12);
    EXPECT_EQ(rule.folds[1].cell, 0U);
    EXPECT_EQ(rule.folds[2].cell, 0U);
    EXPECT_EQ(rule.cell, 0U);
    EXPECT_NEAR(*rule.statistics.mean, (0.2 + 0.3 + 0.3) / 3, 1e-12);
    EXPECT_EQ(rule.statistics.n, 2U);
    EXPECT_EQ(rule.oracle_cell, 0U);
    EXPECT_NEAR(rule.gap, 0.5 - 0.8 / 3, 1e-12);
    // A constraint is looked at without the class as well.
    const RuleResult bound = leave_categories_out(summary, {"m", Goal::Maximize, {"m < 0.5"}});
    EXPECT_EQ(bound.folds[1].cell, 1U);
    EXPECT_TRUE(contains(message_of([&] {
                             leave_categories_out(summary, {"k", Goal::Maximize, {}});
                         }),
                         "two classes"));
}

TEST(TransferTest, TheSameSettingsOnOtherData) {
    const auto info = [](const std::string& name, const std::string& lr, const std::string& data) {
        CellInfo result{"id" + name + data, name, {name}, {}, {}};
        result.settings = {{"train.lr", lr}, {"data.classes", data}, {"sequence.order", data}};
        result.data_digest = data;
        CellSummary summary;
        summary.info = result;
        return summary;
    };
    const CellSummary chosen = info("lr=2", "2", "mvtec");
    Summary other;
    other.cells = {info("a", "1", "visa"), info("b", "2", "visa")};
    EXPECT_EQ(matching_cell(chosen, other), 1U);
    const CellSummary strange = info("lr=3", "3", "mvtec");
    EXPECT_TRUE(contains(message_of([&] { matching_cell(strange, other); }), "train.lr 3 / 1"));
    other.cells = {info("b", "2", "mvtec")};
    EXPECT_TRUE(contains(message_of([&] { matching_cell(chosen, other); }), "same data"));
    other.cells = {info("b", "2", "visa"), info("c", "2", "visa")};
    EXPECT_TRUE(contains(message_of([&] { matching_cell(chosen, other); }), "several cells"));
    other.cells[1].info.name = "lr=2";
    EXPECT_EQ(matching_cell(chosen, other), 1U);
    other.cells.clear();
    EXPECT_FALSE(message_of([&] { matching_cell(chosen, other); }).empty());
}

TEST(EmphasisTest, BoldAndUnderlineOnlyAmongEqualSeedsAndData) {
    Summary summary = summary_of({rows("best", "image_auroc", {0.90, 0.91, 0.92}),
                                  rows("near", "image_auroc", {0.91, 0.90, 0.915}),
                                  rows("far", "image_auroc", {0.80, 0.81, 0.82}),
                                  rows("lucky", "image_auroc", {0.99}),
                                  rows("elsewhere", "image_auroc", {0.97, 0.97, 0.97})});
    for (CellSummary& cell : summary.cells) {
        cell.info.data_digest = cell.info.name == "elsewhere" ? "other" : "home";
    }
    const std::string text = markdown_report(make_report("demo", {}, summary));
    EXPECT_TRUE(contains(text, "**0.9100 ± 0.0100** (3)")) << text;
    EXPECT_TRUE(contains(text, "<u>0.9083 ± 0.0076</u> (3)")) << text;
    EXPECT_TRUE(contains(text, "0.9900† (1)")) << text;
    EXPECT_TRUE(contains(text, "0.9700 ± 0.0000† (3)")) << text;
    EXPECT_TRUE(contains(text, "† left out of bold and underline")) << text;
    EXPECT_TRUE(contains(text, "**ORACLE-SELECTED, 4 configurations**")) << text;
    EXPECT_TRUE(contains(text, "1 cell was measured on other data")) << text;
}

TEST(MetricKindTest, HarrowsMetricsHaveTheirOwnDirection) {
    EXPECT_EQ(sweeps::known_goal("val_normal.p95_score"), Goal::Minimize);
    EXPECT_EQ(sweeps::known_goal("FM"), Goal::Minimize);
    EXPECT_EQ(sweeps::known_goal("image_auroc.bwt"), Goal::Maximize);
}

/// Classes x and y of one cell, by seed.
std::vector<storage::ResultRow> two_classes(const std::string& name,
                                            const std::map<std::uint64_t, double>& x,
                                            const std::map<std::uint64_t, double>& y) {
    std::vector<storage::ResultRow> all;
    for (const auto& [class_name, values] :
         std::map<std::string, std::map<std::uint64_t, double>>{{"x", x}, {"y", y}}) {
        for (const auto& [seed, value] : values) {
            all.push_back({name, name, name, seed, 0, class_name, "routed", "m", value});
        }
    }
    return all;
}

TEST(LeaveOutTest, TheOracleKeepsTheConstraints) {
    const Summary summary = summary_of({two_classes("a", {{0, 0.9}}, {{0, 0.9}}),
                                        rows("a", "m", {0.9}),
                                        two_classes("b", {{0, 0.5}}, {{0, 0.5}}),
                                        rows("b", "m", {0.5})});
    const RuleResult rule = leave_categories_out(summary, {"m", Goal::Maximize, {"m < 0.8"}});
    EXPECT_EQ(rule.oracle_cell, 1U);
    EXPECT_NEAR(rule.gap, 0, 1e-12);
}

TEST(LeaveOutTest, OneFootingForAllThatTakePart) {
    Summary summary = summary_of({two_classes("other seed", {{7, 0.99}}, {{7, 0.99}}),
                                  two_classes("a", {{0, 0.9}}, {{0, 0.5}}),
                                  two_classes("b", {{0, 0.5}}, {{0, 0.8}}),
                                  two_classes("other data", {{0, 0.99}}, {{0, 0.99}})});
    summary.cells[3].info.data_digest = "other";
    const RuleResult rule = leave_categories_out(summary, {"m", Goal::Maximize, {}});
    EXPECT_EQ(rule.folds[0].cell, 2U);
    EXPECT_EQ(rule.folds[1].cell, 1U);
    EXPECT_EQ(rule.statistics.n, 1U);
    EXPECT_EQ(rule.oracle_cell, 1U);
    EXPECT_NEAR(rule.gap, 0.7 - 0.5, 1e-12);
    ASSERT_FALSE(rule.notes.empty());
    EXPECT_TRUE(contains(rule.notes[0], "2 cells have other data")) << rule.notes[0];
    // Classes of other data are none that a cell here lacks.
    summary.classes.emplace_back("z");
    summary.cells[3].classes["z"] = summary.cells[3].classes["x"];
    EXPECT_EQ(leave_categories_out(summary, {"m", Goal::Maximize, {}}).folds.size(), 2U);
}

}  // namespace
}  // namespace harrow::analysis
