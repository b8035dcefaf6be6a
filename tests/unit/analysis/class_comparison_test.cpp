#include "analysis/comparison/class_comparison.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "analysis/document/html.hpp"
#include "analysis/document/latex.hpp"
#include "analysis/document/markdown.hpp"
#include "analysis/report_csv.hpp"
#include "analysis/report_json.hpp"
#include "analysis/sections/sections.hpp"
#include "analysis/sections/values.hpp"
#include "sweeps/error.hpp"
#include "tests/unit/analysis/seed_tables.hpp"

namespace harrow::analysis {
namespace {

using namespace testing;

const std::vector<std::string> kClasses = {
    "can", "fabric", "fruit_jelly", "sheet_metal", "vial", "wallplugs", "walnuts"};

struct Version {
    std::string name, data = "ad2";
    std::size_t seeds = 5;
    bool is_constant = false;  ///< the seed makes no difference
    std::string per_class = "none";
};

/// What a seed adds in class `c`: -0.02 … 0.02, no two of five alike. Half of it comes from the
/// seed and is the same in all versions, the other half is a version's own.
double noise(std::size_t version, std::size_t c, std::size_t seed) {
    const double shared = 0.01 * (static_cast<double>(seed) - 2);
    const double own = 0.01 * (static_cast<double>((2 * seed + version + c) % 5) - 2);
    return version == 0 ? shared : shared + own;
}

/// Without noise: v1.4 is 0.10 better in fabric; all other differences are at most 0.006.
double level(std::size_t version, std::size_t c) {
    const double sign = c % 2 == 1 ? 1 : -1;
    return 0.5 + 0.03 * static_cast<double>(c) +
           (version == 3 && c == 1 ? 0.10 : 0.002 * sign * static_cast<double>(version));
}

Report versions_report(const std::vector<Version>& versions, const ComparisonOptions& options) {
    std::vector<CellInfo> cells;
    std::vector<storage::ResultRow> rows;
    for (std::size_t v = 0; v < versions.size(); ++v) {
        CellInfo info{versions[v].name, versions[v].name, {versions[v].name}, {}, {}};
        info.data_digest = versions[v].data;
        info.settings = {{"model.version", versions[v].name.substr(1)},
                         {"per_class", versions[v].per_class},
                         {"score.threshold_deviations", "3"}};
        for (std::size_t seed = 0; seed < versions[v].seeds; ++seed) {
            info.seeds.push_back(seed);
            double sum = 0;
            const auto add = [&](const std::string& class_name, double value) {
                rows.push_back({info.id + ".s" + std::to_string(seed),
                                info.id,
                                info.name,
                                seed,
                                0,
                                class_name,
                                "routed",
                                "image_auroc",
                                value});
            };
            for (std::size_t c = 0; c < kClasses.size(); ++c) {
                const double value =
                    level(v, c) + (versions[v].is_constant ? 0 : noise(v, c, seed));
                add(kClasses[c], value);
                sum += value;
            }
            add("mean", sum / static_cast<double>(kClasses.size()));
        }
        cells.push_back(std::move(info));
    }
    Report report = make_report("ad2", {}, summarise(rows, cells));
    compare_report(report, options);
    return report;
}

ComparisonOptions against(const std::string& baseline) {
    ComparisonOptions options;
    options.baseline = baseline;
    return options;
}

const std::vector<Version> kFour = {{"v1.1"}, {"v1.2"}, {"v1.3"}, {"v1.4"}};

std::string lead_of(const Section& section) {
    return std::get<Paragraph>(section.blocks.at(0)).text;
}

TEST(ClassComparisonTest, OnlyTheKnownDifferenceIsSeparable) {
    const Report report = versions_report(kFour, against("v1.1"));
    ASSERT_EQ(report.class_comparisons.size(), 1U);
    const ClassComparisons& of = report.class_comparisons[0];
    EXPECT_EQ(of.classes, kClasses);
    EXPECT_EQ(of.tested_classes, 21U);
    EXPECT_EQ(of.tested_means, 3U);
    EXPECT_EQ(of.differences.size(), 24U);
    for (const ClassDifference& difference : of.differences) {
        const bool is_known = difference.pair.cell == 3 && (difference.class_name == "fabric" ||
                                                            difference.class_name == "mean");
        EXPECT_EQ(difference.separation,
                  is_known ? Separation::Separable : Separation::NotSeparable)
            << difference.class_name << " " << difference.pair.p_adjusted.value_or(-1);
    }
    const ClassDifference& known = *find_difference(of, 3, "fabric");
    EXPECT_NEAR(known.pair.delta, 0.10, 1e-12);
    EXPECT_NEAR(*known.relative, 0.10 / 0.53, 1e-12);
}

TEST(ClassComparisonTest, PIsAdjustedOverClassesAndCells) {
    ComparisonOptions options = against("v1.1");
    options.adjust = "bonferroni";
    const Report report = versions_report(kFour, options);
    for (const ClassDifference& difference : report.class_comparisons[0].differences) {
        const double tests = difference.class_name == "mean" ? 3 : 21;
        EXPECT_DOUBLE_EQ(*difference.pair.p_adjusted, std::min(1.0, tests * *difference.pair.p));
    }
    // In the mean it is what Comparisons says.
    const ClassDifference& mean = *find_difference(report.class_comparisons[0], 1, "mean");
    EXPECT_EQ(mean.pair.p, report.comparisons.at(0).p);
    EXPECT_EQ(mean.pair.p_adjusted, report.comparisons.at(0).p_adjusted);
}

TEST(ClassComparisonTest, TheTableSaysWhatCanBeSaid) {
    const Report report = versions_report(kFour, against("v1.1"));
    const Section section = class_differences_section(report).value();
    EXPECT_EQ(section.heading, "Classes against v1.1");
    EXPECT_EQ(lead_of(section).rfind("image_auroc: of 21 differences (cell × class) that could be "
                                     "tested, 1 is separable from noise: v1.4 in fabric +0.1000.",
                                     0),
              0U)
        << lead_of(section);
    EXPECT_TRUE(contains(lead_of(section), "The other 20 are not")) << lead_of(section);
    const Table& table = table_of(section, "class-differences-image-auroc");
    Texts rows = kClasses;
    rows.emplace_back("mean");
    EXPECT_EQ(column(table, "class"), rows);
    ASSERT_EQ(table.columns.size(), 8U);  // class, v1.1, three times value and Δ
    EXPECT_EQ(table.columns[7].group, "v1.4");
    Texts deltas, values;
    for (const TableRow& row : table.rows) {
        values.push_back(row.cells[1].text + " ± " + row.cells[1].spread);
        deltas.push_back(row.cells[7].text + row.cells[7].mark + row.cells[7].suffix);
    }
    EXPECT_EQ(values.front(), "0.5000 ± 0.0158");
    EXPECT_EQ(table.caption, "image_auroc by class, Δ against v1.1, 5 seeds each");
    EXPECT_EQ(table.rows[0].cells[1].suffix, "");
    EXPECT_EQ(values.back(), "0.5900 ± 0.0158");
    EXPECT_EQ(deltas,
              (Texts{"-0.0060≈",
                     "+0.1000*",
                     "-0.0060≈",
                     "+0.0060≈",
                     "-0.0060≈",
                     "+0.0060≈",
                     "-0.0060≈",
                     "+0.0126*"}));
    EXPECT_EQ(table.rows[1].cells[3].mark, "≈");
    EXPECT_TRUE(contains(notes(table), "p adjusted by holm over the 21 tests of cells × classes"))
        << notes(table);
    const Table& verdicts = table_of(section, "class-verdicts-image-auroc");
    EXPECT_EQ(column(verdicts, "cell"), (Texts{"v1.1", "v1.2", "v1.3", "v1.4"}));
    EXPECT_EQ(entry(verdicts, "cell", "v1.1", "the mean"), "baseline");
    EXPECT_EQ(entry(verdicts, "cell", "v1.2", "the mean"), "not separable from noise");
    EXPECT_EQ(entry(verdicts, "cell", "v1.2", "separable classes"), "0 of 7");
    EXPECT_EQ(entry(verdicts, "cell", "v1.4", "the mean"), "separable from noise");
    EXPECT_EQ(entry(verdicts, "cell", "v1.4", "Δ relative"), "+2.1 %");
    EXPECT_EQ(entry(verdicts, "cell", "v1.4", "separable classes"), "1 of 7: fabric +0.1000");
}

TEST(ClassComparisonTest, EveryFormatHasIt) {
    const Report report = versions_report(kFour, against("v1.1"));
    const Document document{"", {}, {class_differences_section(report).value()}};
    EXPECT_TRUE(contains(markdown_text(document), "≈"));
    EXPECT_TRUE(contains(html_text(document, {100, true}), "Classes against v1.1"));
    EXPECT_TRUE(contains(latex_text(document), "$\\approx$"));
    EXPECT_TRUE(contains(json_report(report), "\"class\": \"fabric\", \"n\": 5, \"delta\": 0."))
        << json_report(report);
    const std::string csv = csv_classes(report);
    EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 25);
    EXPECT_TRUE(contains(csv, "\nv1.4,v1.1,image_auroc,fabric,5,0.")) << csv;
    EXPECT_TRUE(contains(csv, ",separable from noise\n"));
}

TEST(ClassComparisonTest, SingleRunsSayNothingAboutNoise) {
    const Report report =
        versions_report({{"v1.1", "ad2", 1}, {"v1.4", "ad2", 1}}, against("v1.1"));
    const Section section = class_differences_section(report).value();
    EXPECT_TRUE(std::get<Paragraph>(section.blocks.at(0)).is_warning);
    EXPECT_TRUE(contains(lead_of(section), "a single run says nothing about noise"));
    const Table& table = table_of(section, "class-differences-image-auroc");
    for (const TableRow& row : table.rows) {
        EXPECT_EQ(row.cells.at(3).mark, "?");
        EXPECT_NE(row.cells.at(3).text, "–");
    }
    EXPECT_EQ(entry(table_of(section, "class-verdicts"), "cell", "v1.4", "the mean"), "not tested");
}

TEST(ClassComparisonTest, SeedsThatMakeNoDifferenceAreOneObservation) {
    const Report report = versions_report(
        {{"v1.1", "ad2", 5, true}, {"v1.2", "ad2", 5, true}, {"v1.3"}}, against("v1.1"));
    const ClassComparisons& of = report.class_comparisons.at(0);
    EXPECT_EQ(of.tested_classes, 7U) << "of v1.3 alone";
    EXPECT_EQ(of.tested_means, 1U);
    for (const std::string& class_name : {std::string("fabric"), std::string("mean")}) {
        const ClassDifference& difference = *find_difference(of, 1, class_name);
        EXPECT_EQ(difference.separation, Separation::Untested);
        EXPECT_TRUE(contains(difference.pair.note, "the seeds make no difference"));
    }
    EXPECT_FALSE(report.comparisons.at(0).p.has_value());
    const Section section = class_differences_section(report).value();
    EXPECT_TRUE(contains(lead_of(section), "7 more could not be tested (? or †)"))
        << lead_of(section);
    EXPECT_TRUE(contains(notes(table_of(section, "class-differences")),
                         "? not tested: the seeds make no difference to either cell."));
}

TEST(ClassComparisonTest, EpochsOfSingleClassesAreNamed) {
    const Report report = versions_report(
        {{"v1.1"}, {"v1.2", "ad2", 5, false, "train.num_epochs=6@fabric"}}, against("v1.1"));
    EXPECT_EQ(report.class_comparisons.at(0).tested_classes, 7U) << "compared all the same";
    EXPECT_TRUE(contains(
        notes(table_of(class_differences_section(report).value(), "class-differences")),
        "Other epochs than v1.1 in some classes (per_class), and compared all the same: v1.2."));
}

TEST(ClassComparisonTest, WithoutAdjustmentNothingClaimsOne) {
    ComparisonOptions options = against("v1.1");
    options.adjust = "none";
    const Report report = versions_report(kFour, options);
    const std::string text =
        notes(table_of(class_differences_section(report).value(), "class-differences"));
    EXPECT_TRUE(contains(text,
                         "p is not adjusted for 21 tests of cells × classes and 3 tests of "
                         "means"))
        << text;
    EXPECT_TRUE(contains(text, "* separable from noise: p of at most 0.05.")) << text;
}

TEST(ClassComparisonTest, WhereAllIsUnfairNobodySpeaksOfSingleRuns) {
    const Report report =
        versions_report({{"v1.1"}, {"v1.2", "other"}, {"v1.3", "other"}}, against("v1.1"));
    const std::string lead = lead_of(class_differences_section(report).value());
    EXPECT_TRUE(contains(lead, "something else differs that should be equal (†)")) << lead;
    EXPECT_FALSE(contains(lead, "single run")) << lead;
}

TEST(ClassComparisonTest, OtherDataIsNotComparedAndOtherSeedsAreNotJudged) {
    const Report report = versions_report(
        {{"v1.1"}, {"v1.2"}, {"v1.3", "other"}, {"v1.4", "ad2", 4}}, against("v1.1"));
    const ClassComparisons& of = report.class_comparisons.at(0);
    EXPECT_EQ(of.tested_classes, 7U) << "of v1.2 alone";
    const Section section = class_differences_section(report).value();
    const Table& table = table_of(section, "class-differences-image-auroc");
    EXPECT_EQ(table.rows[0].cells[5].text, "–");
    EXPECT_EQ(table.rows[0].cells[5].mark, "†");
    EXPECT_EQ(table.rows[0].cells[7].mark, "†");
    EXPECT_NE(table.rows[0].cells[7].text, "–");
    EXPECT_TRUE(contains(notes(table), "data other / ad2): v1.3")) << notes(table);
    EXPECT_TRUE(contains(notes(table), "seeds 0..3 / 0..4): v1.4")) << notes(table);
}

TEST(ClassComparisonTest, ATestThatCannotReachAlphaSaysSo) {
    ComparisonOptions options = against("v1.1");
    options.test = "wilcoxon";
    const Report report = versions_report(kFour, options);
    const std::string lead = lead_of(class_differences_section(report).value());
    EXPECT_TRUE(contains(lead, "With 5 seeds p is at least 1: no class could be separable."))
        << lead;
    options.test = "bayes";  // no p value: classes are tested as ties are
    EXPECT_EQ(versions_report(kFour, options).class_comparisons.at(0).test, "paired_t");
}

TEST(ClassComparisonTest, WithoutABaselineThereIsNoSection) {
    EXPECT_FALSE(class_differences_section(versions_report(kFour, {})).has_value());
    EXPECT_THROW(versions_report(kFour, against("v2")), sweeps::UsageError);
}

TEST(ClassComparisonTest, LocalMetricsSayWhoseTheyAre) {
    const Report report = versions_report(kFour, against("v1.1"));
    const std::string note = metric_notes(report, {"image_auroc", "segf1_local.acc"}).at(0);
    EXPECT_TRUE(contains(note, "not by MVTec AD 2's server")) << note;
    EXPECT_TRUE(contains(note, "the mean + 3 standard deviations")) << note;
    EXPECT_TRUE(metric_notes(report, {"image_auroc", "aupro"}).empty());
    EXPECT_EQ(metric_notes(report, {"aucpro_compat"}).size(), 1U);
}

}  // namespace
}  // namespace harrow::analysis
