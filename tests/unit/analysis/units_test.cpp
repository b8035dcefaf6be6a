#include "analysis/units.hpp"

#include <map>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "analysis/comparison/comparison.hpp"
#include "analysis/comparison/pair_tests.hpp"
#include "analysis/comparison/ranking.hpp"
#include "analysis/comparison/setting_codes.hpp"
#include "analysis/report.hpp"
#include "analysis/report_markdown.hpp"
#include "analysis/selection/selection.hpp"
#include "analysis/statistics/sample.hpp"

namespace harrow::analysis {
namespace {

using Seeds = std::map<std::uint64_t, double>;

CellSummary cell(const std::string& name,
                 const std::string& run,
                 const std::map<std::string, Seeds>& metrics,
                 const std::string& data = "d") {
    CellSummary summary;
    summary.info = {run + "-" + name, name, {name}, {}, {0, 1, 2}};
    summary.info.run = run;
    summary.info.data_digest = data;
    for (const auto& [metric, seeds] : metrics) {
        std::vector<double> values;
        for (const auto& [seed, value] : seeds) {
            values.push_back(value);
        }
        summary.metrics[metric] = {sample_statistics(values), seeds, {}};
    }
    return summary;
}

Summary summary_of(const std::vector<CellSummary>& cells) {
    Summary summary;
    summary.cells = cells;
    std::set<std::string> metrics;
    for (const CellSummary& one : cells) {
        for (const auto& [metric, values] : one.metrics) {
            metrics.insert(metric);
        }
    }
    summary.metrics.assign(metrics.begin(), metrics.end());
    return summary;
}

const Seeds kPercent = {{0, 98.0}, {1, 98.1}, {2, 97.9}};
const Seeds kFractions = {{0, 0.97}, {1, 0.98}, {2, 0.975}};
const Seeds kPoints = {{0, 0.41}, {1, 0.75}, {2, 0.43}};

Summary two_runs(const std::string& data = "d") {
    return summary_of({cell("main", "ra", {{"image_auroc", kPercent}}, data),
                       cell("wide", "ra", {{"image_auroc", kPercent}}, data),
                       cell("theirs", "rb", {{"image_auroc", kFractions}}, data)});
}

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

TEST(UnitsTest, SmallValuesHaveTheUnitOfTheirBasicMetric) {
    const Report report = make_report(
        "demo",
        {},
        summary_of({cell("main", "ra", {{"image_auroc", kPercent}, {"image_auroc.fm", kPoints}}),
                    cell("b", "ra", {{"image_auroc", kPercent}, {"image_auroc.fm", kPoints}})}),
        true);
    EXPECT_EQ(metric_format(report, "image_auroc.fm").factor, 1);
    EXPECT_EQ(value_text(report, "image_auroc.fm", 0.43), "0.43");
    ComparisonOptions options;
    options.baseline = "main";
    options.test = "bayes";
    options.metrics = {"image_auroc.fm"};
    const auto comparisons = compare_cells(report.summary, options);
    ASSERT_EQ(comparisons.size(), 1U);
    EXPECT_TRUE(contains(comparisons[0].note, "rope 0.2;")) << comparisons[0].note;
    EXPECT_EQ(base_metric("val_synth.image_auroc"), "val_synth.image_auroc");
}

TEST(UnitsTest, PublishedValuesAndThoseOfClassesCount) {
    CellSummary published = cell("main", "ra", {});
    published.info.published["mean"]["image_auroc"] = {98.03, 0.19};
    Report report = make_report("demo", {}, summary_of({published}), true);
    EXPECT_EQ(value_text(report, "image_auroc", 98.03), "98.03");
    CellSummary classes = cell("main", "ra", {{"pixel_ap", {{0, 0.9}}}});
    classes.classes["screw"] = cell("", "", {{"pixel_ap", {{0, 53.0}}}}).metrics;
    report = make_report("demo", {}, summary_of({classes}), true);
    EXPECT_EQ(value_text(report, "pixel_ap", 0.9), "0.90");
}

TEST(UnitsTest, TwoUnitsOfOneMetricAreNotCompared) {
    const Summary summary = two_runs();
    ComparisonOptions options;
    options.baseline = "main";
    const auto comparisons = compare_cells(summary, options);
    ASSERT_EQ(comparisons.size(), 2U);
    EXPECT_TRUE(comparisons[0].is_fair());
    const std::vector<SettingDifference> expected = {{"unit", "fractions in rb", "per cent in ra"}};
    EXPECT_EQ(comparisons[1].unfair, expected);
    EXPECT_TRUE(contains(comparisons[1].note, "unit fractions in rb / per cent in ra"));
    for (const std::string& baseline : {std::string(), std::string("main")}) {
        options.baseline = baseline;
        const auto ranking = rank_metric(summary, "image_auroc", sweeps::Goal::Maximize, options);
        ASSERT_EQ(ranking.why_not.size(), 3U);
        EXPECT_TRUE(ranking.why_not[0].empty() && ranking.why_not[1].empty()) << baseline;
        EXPECT_FALSE(ranking.why_not[2].empty()) << baseline;
    }
    const auto ranked = rank_cells(summary, "image_auroc", true, {});
    EXPECT_EQ(ranked.back().why_unranked, "unit fractions / per cent");
    const Selection selection = select_best(summary, {});
    EXPECT_EQ(selection.compared, 2U);
    ASSERT_EQ(selection.notes.size(), 1U);
    EXPECT_TRUE(contains(selection.notes[0], "in per cent as in ra")) << selection.notes[0];
    const SettingCodes codes = setting_codes(summary);
    EXPECT_EQ(codes.ground[0], codes.ground[1]);
    EXPECT_NE(codes.ground[0], codes.ground[2]);
    const Report report = make_report("demo", {}, summary, true);  // as they are, nothing is lost
    EXPECT_EQ(value_text(report, "image_auroc", 0.9786), "0.9786");
}

TEST(UnitsTest, AnyNameOfAPixelPrecisionHasItsRope) {
    for (const char* name : {"pixel_ap", "pixel_f1max.fm", "P-AP", "Pixel AP (%)"}) {
        EXPECT_EQ(practical_equivalence(name, 1), 0.5) << name;
    }
    for (const char* name : {"image_ap", "I-AP", "pixel_auroc", "aupro"}) {
        EXPECT_EQ(practical_equivalence(name, 1), 0.2) << name;
    }
}

TEST(UnitsTest, OneUnitAcrossRunsAndOtherQuantitiesAreCompared) {
    const Summary summary = summary_of({cell("main", "ra", {{"seconds", {{0, 0.5}}}}),
                                        cell("b", "rb", {{"seconds", {{0, 12.5}}}})});
    const Units units(summary, "seconds");
    EXPECT_FALSE(units.are_mixed("seconds"));
    EXPECT_EQ(units.unit("ra", "seconds"), units.unit("rb", "seconds"));
    EXPECT_EQ(units.point("ra", "seconds"), 0.01);
    EXPECT_EQ(units.point("rb", "seconds"), 1);
}

TEST(UnitsTest, UnknownDataOfTwoRunsIsNotEqual) {
    Summary summary = summary_of({cell("main", "ra", {{"image_auroc", kFractions}}, ""),
                                  cell("wide", "ra", {{"image_auroc", kFractions}}, ""),
                                  cell("theirs", "rb", {{"image_auroc", kFractions}}, "")});
    ComparisonOptions options;
    options.baseline = "main";
    const auto comparisons = compare_cells(summary, options);
    ASSERT_EQ(comparisons.size(), 2U);
    EXPECT_TRUE(comparisons[0].is_fair());
    const std::vector<SettingDifference> expected = {
        {"data", "not known in rb", "not known in ra"}};
    EXPECT_EQ(comparisons[1].unfair, expected);
    EXPECT_EQ(rank_cells(summary, "image_auroc", true, {}).back().why_unranked, "other data");
    EXPECT_EQ(select_best(summary, {}).compared, 2U);
    options.baseline = "";
    EXPECT_EQ(rank_metric(summary, "image_auroc", sweeps::Goal::Maximize, options).why_not[2],
              "other data");
    summary.cells[2].info.data_digest = "known";
    options.baseline = "main";
    EXPECT_EQ(compare_cells(summary, options)[1].unfair[0].a, "known");
}

TEST(UnitsTest, TheBestCellOfAClassIsOneOfThoseThatAreRanked) {
    Summary summary = two_runs();
    summary.classes = {"screw", "zipper"};
    for (CellSummary& one : summary.cells) {
        one.classes["screw"] = one.classes["zipper"] = one.metrics;
    }
    summary.cells[2].info.run = "ra";
    summary.cells[2].info.data_digest = "other";
    const std::map<std::string, Seeds> higher = {
        {"image_auroc", {{0, 99.9}, {1, 99.9}, {2, 99.9}}}};
    summary.cells[2].classes["screw"] = cell("", "", higher).metrics;
    const std::string text = markdown_report(make_report("demo", {}, summary));
    EXPECT_TRUE(contains(text, "| screw  | 98.00 ± 0.00 (2) | main      | 98.00 ")) << text;
}

}  // namespace
}  // namespace harrow::analysis
