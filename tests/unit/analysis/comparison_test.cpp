#include "analysis/comparison/comparison.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "analysis/comparison/pair_tests.hpp"
#include "analysis/report.hpp"
#include "analysis/report_json.hpp"
#include "analysis/report_markdown.hpp"
#include "sweeps/error.hpp"

namespace harrow::analysis {
namespace {

using Values = std::map<std::uint64_t, double>;

CellSummary cell(const std::string& name,
                 const std::map<std::string, Values>& metrics,
                 const std::map<std::string, std::string>& settings = {}) {
    CellInfo info{"id-" + name, name, {name}, {}, {}};
    info.settings = settings;
    CellSummary summary;
    for (const auto& [metric, values] : metrics) {
        MetricSummary& place = summary.metrics[metric];
        place.values = values;
        std::vector<double> all;
        for (const auto& [seed, value] : values) {
            all.push_back(value);
        }
        place.statistics = sample_statistics(all);
        info.seeds.clear();
        for (const auto& [seed, value] : values) {
            info.seeds.push_back(seed);
        }
    }
    summary.info = info;
    return summary;
}

Summary summary_of(std::vector<CellSummary> cells) {
    Summary summary;
    summary.cells = std::move(cells);
    std::set<std::string> metrics;
    for (const CellSummary& one : summary.cells) {
        for (const auto& [metric, values] : one.metrics) {
            metrics.insert(metric);
        }
    }
    summary.metrics.assign(metrics.begin(), metrics.end());
    return summary;
}

// The seeds' five-seed MAIN and a cell that is better in all but one of them.
const Values kMain = {{0, 98.10}, {1, 98.22}, {2, 98.16}, {3, 97.87}, {4, 97.78}};
const Values kOther = {{0, 98.31}, {1, 98.30}, {2, 98.37}, {3, 97.84}, {4, 98.06}};

ComparisonOptions against_main(const std::string& test) {
    ComparisonOptions options;
    options.baseline = "main";
    options.test = test;
    return options;
}

Comparison only(const Summary& summary, const ComparisonOptions& options) {
    const std::vector<Comparison> all = compare_cells(summary, options);
    EXPECT_EQ(all.size(), 1U);
    return all.at(0);
}

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

std::vector<std::string> names(const std::vector<SettingDifference>& differences) {
    std::vector<std::string> result;
    for (const SettingDifference& difference : differences) {
        result.push_back(difference.name);
    }
    return result;
}

Summary two_cells() {
    return summary_of(
        {cell("main", {{"image_auroc", kMain}}), cell("b", {{"image_auroc", kOther}})});
}

// Expected numbers: Simpson's rule over the densities and full enumeration, written by themselves.
constexpr double kNemenyiNear = 0.60941071554839, kNemenyiFar = 0.13940464288897836;

struct Expected {
    const char* test;
    double p;
    const char* effect_name;
    double effect, low, high;
    const char* note;  // a part of it
};

TEST(ComparisonTest, EveryTestOfTheSeedsFiveValues) {
    for (const Expected& expected : {
             Expected{"paired_t",
                      0.05369198691782007,
                      "d_z",
                      1.2107014684068875,
                      -0.003836106249748422,
                      0.3038361062497541,
                      ""},
             Expected{"wilcoxon",
                      0.125,
                      "rank-biserial",
                      13.0 / 15,
                      -0.003836106249748422,
                      0.3038361062497541,
                      "the smallest possible p is 0.0625"},
             Expected{"welch",
                      0.2860199588842217,
                      "Cohen's d",
                      0.7241646248717591,
                      -0.15327860071041693,
                      0.45327860071042264,
                      ""},
             Expected{"permutation",
                      0.125,
                      "d_z",
                      1.2107014684068875,
                      -0.003836106249748422,
                      0.3038361062497541,
                      "the smallest possible p is 0.0625"},
         }) {
        const Comparison pair = only(two_cells(), against_main(expected.test));
        EXPECT_EQ(pair.cell, 1U);
        EXPECT_EQ(pair.versus, 0U);
        EXPECT_EQ(pair.n, 5U);
        EXPECT_EQ(pair.test, expected.test);
        EXPECT_NEAR(pair.delta, 0.15, 1e-12);
        ASSERT_TRUE(pair.p && pair.effect && pair.ci95) << expected.test;
        EXPECT_NEAR(*pair.p, expected.p, 1e-9) << expected.test;
        EXPECT_EQ(pair.effect_name, expected.effect_name);
        EXPECT_NEAR(*pair.effect, expected.effect, 1e-9) << expected.test;
        EXPECT_NEAR(pair.ci95->low, expected.low, 1e-9) << expected.test;
        EXPECT_NEAR(pair.ci95->high, expected.high, 1e-9) << expected.test;
        EXPECT_TRUE(contains(pair.note, expected.note)) << pair.note;
        EXPECT_TRUE(pair.is_fair());
    }
}

TEST(ComparisonTest, FriedmanRanksAllCellsOfTheBaselinesData) {
    const Values third = {{0, 97.0}, {1, 97.1}, {2, 97.2}, {3, 97.3}, {4, 97.4}};
    Summary summary = two_cells();
    summary.cells.push_back(cell("c", {{"image_auroc", third}}));
    const auto comparisons = compare_cells(summary, against_main("friedman"));
    ASSERT_EQ(comparisons.size(), 2U);
    // Ranks of main, b, c by seed (3 = highest): 2 3 1, 2 3 1, 2 3 1, 3 2 1, 2 3 1.
    EXPECT_NEAR(*comparisons[0].effect, 2.8 - 2.2, 1e-12);
    EXPECT_NEAR(*comparisons[1].effect, 1 - 2.2, 1e-12);
    EXPECT_NEAR(*comparisons[0].p, kNemenyiNear, 1e-10);
    EXPECT_NEAR(*comparisons[1].p, kNemenyiFar, 1e-10);
    EXPECT_EQ(comparisons[1].p_adjusted, comparisons[1].p) << "corrected over all pairs already";
    EXPECT_TRUE(contains(comparisons[0].note, "Friedman over 3 cells and 5 seeds"))
        << comparisons[0].note;
    EXPECT_TRUE(contains(only(two_cells(), against_main("friedman")).note, "sign test"));
    // A cell of other data changes no rank of the others.
    summary.cells[0].info.data_digest = summary.cells[1].info.data_digest =
        summary.cells[2].info.data_digest = "A";
    summary.cells.push_back(cell("d", {{"image_auroc", {{0, 1}, {1, 2}, {2, 3}, {3, 4}, {4, 5}}}}));
    summary.cells[3].info.data_digest = "B";
    const auto again = compare_cells(summary, against_main("friedman"));
    EXPECT_EQ(again[0].p, comparisons[0].p);
    EXPECT_EQ(names(again[2].unfair), std::vector<std::string>{"data"});
}

TEST(ComparisonTest, BayesGivesThePosteriorAndItsRope) {
    const Comparison pair = only(two_cells(), against_main("bayes"));
    ASSERT_TRUE(pair.p.has_value());
    EXPECT_GT(*pair.p, 0.1);  // three of five differences exceed the rope of 0.2 points, barely
    EXPECT_LT(*pair.p, 0.9);
    EXPECT_TRUE(contains(pair.note, "rope 0.2")) << pair.note;
    EXPECT_TRUE(contains(pair.note, "P(right) = ")) << pair.note;
    EXPECT_EQ(only(two_cells(), against_main("bayes")).p, pair.p);
    EXPECT_EQ(pair.p_adjusted, pair.p);
    // The rope follows the unit and the metric.
    Values a, b;
    for (const auto& [seed, value] : kMain) {
        a[seed] = value / 200;
        b[seed] = value / 200 + 0.003;
    }
    const Summary fractions = summary_of({cell("main", {{"image_auroc", a}, {"pixel_ap", a}}),
                                          cell("b", {{"image_auroc", b}, {"pixel_ap", b}})});
    const auto both = compare_cells(fractions, against_main("bayes"));
    EXPECT_LT(*both[0].p, 0.1);  // 0.3 points exceed the rope of 0.2
    EXPECT_GT(*both[1].p, 0.9);  // but not that of 0.5
    EXPECT_TRUE(contains(both[0].note, "rope 0.002")) << both[0].note;
    EXPECT_TRUE(contains(both[1].note, "rope 0.005")) << both[1].note;
}

TEST(ComparisonTest, PairsAreTheSeedsBothHave) {
    const Values fewer = {{0, 98.31}, {2, 98.37}, {3, 97.84}, {9, 99.9}};
    const Summary summary =
        summary_of({cell("main", {{"image_auroc", kMain}}), cell("b", {{"image_auroc", fewer}})});
    const Comparison pair = only(summary, against_main("paired_t"));
    EXPECT_EQ(pair.n, 3U);
    EXPECT_NEAR(pair.delta, (0.21 + 0.21 - 0.03) / 3, 1e-12);
    EXPECT_TRUE(contains(pair.note, "seeds of the cell alone left out: 9")) << pair.note;
    EXPECT_TRUE(contains(pair.note, "seeds of the baseline alone left out: 1, 4")) << pair.note;
    EXPECT_EQ(names(pair.unfair), std::vector<std::string>{"seeds"});
    EXPECT_EQ(pair.unfair[0].b, "0..4");
    EXPECT_EQ(only(summary, against_main("welch")).n, 4U);
    const Summary none = summary_of(
        {cell("main", {{"image_auroc", kMain}}), cell("b", {{"image_auroc", {{9, 99.0}}}})});
    const Comparison apart = only(none, against_main("wilcoxon"));
    EXPECT_EQ(apart.n, 0U);
    EXPECT_FALSE(apart.p);
    EXPECT_NEAR(apart.delta, 99.0 - 98.026, 1e-12);
    EXPECT_TRUE(contains(apart.note, "no seed is shared")) << apart.note;
}

TEST(ComparisonTest, PIsANumberForAnyTwoSeeds) {
    const std::vector<std::pair<Values, Values>> samples = {
        {{{0, 1}, {1, 2}}, {{0, 2}, {1, 4}}},      // two pairs
        {{{0, 1}, {1, 1}}, {{0, 1}, {1, 1}}},      // nothing differs
        {{{0, 1}, {1, 2}}, {{0, 2}, {1, 3}}},      // differs by a constant
        {{{0, 1}, {1, 2}}, {{0, 1.5}, {1, 1.5}}},  // mean 0
    };
    for (const auto& [a, b] : samples) {
        for (const char* test :
             {"paired_t", "wilcoxon", "welch", "permutation", "friedman", "bayes"}) {
            const Summary summary = summary_of({cell("main", {{"x", a}}), cell("b", {{"x", b}})});
            const Comparison pair = only(summary, against_main(test));
            ASSERT_TRUE(pair.p.has_value()) << test << ": " << pair.note;
            EXPECT_GE(*pair.p, 0) << test;
            EXPECT_LE(*pair.p, 1) << test;
            EXPECT_EQ(pair.n, 2U) << test;
            if (a == b && std::string(test) != "bayes") {
                EXPECT_NEAR(*pair.p, 1, 1e-12) << test;
            }
        }
    }
    const Summary single =
        summary_of({cell("main", {{"x", {{0, 1}}}}), cell("b", {{"x", {{0, 2}}}})});
    for (const char* test : {"paired_t", "wilcoxon", "welch", "permutation", "friedman", "bayes"}) {
        const Comparison pair = only(single, against_main(test));
        EXPECT_FALSE(pair.p) << test;
        EXPECT_FALSE(pair.note.empty()) << test;
        EXPECT_EQ(pair.delta, 1);
    }
}

TEST(ComparisonTest, PublishedValuesAreShownAndNeverTested) {
    Summary summary = two_cells();
    CellInfo info{"id-paper", "paper", {"paper"}, {}, {}};
    info.is_import = true;
    info.published["mean"]["image_auroc"] = {99.0, 0.1};
    summary.cells.emplace_back().info = info;
    const auto comparisons = compare_cells(summary, against_main("paired_t"));
    ASSERT_EQ(comparisons.size(), 2U);
    EXPECT_NEAR(comparisons[1].delta, 99.0 - 98.026, 1e-12);
    EXPECT_FALSE(comparisons[1].p);
    EXPECT_FALSE(comparisons[1].p_adjusted);
    EXPECT_TRUE(contains(comparisons[1].note, "published")) << comparisons[1].note;
    EXPECT_FALSE(comparisons[1].is_fair());
    ComparisonOptions options = against_main("paired_t");
    options.baseline = "paper";
    EXPECT_FALSE(compare_cells(summary, options)[0].p);
}

TEST(ComparisonTest, AdjustsOverTheComparisonsOfOneMetric) {
    const Values third = {{0, 98.0}, {1, 98.3}, {2, 98.2}, {3, 97.9}, {4, 97.7}};
    const Summary summary = summary_of({cell("main", {{"image_auroc", kMain}, {"pixel_ap", kMain}}),
                                        cell("b", {{"image_auroc", kOther}, {"pixel_ap", kOther}}),
                                        cell("c", {{"image_auroc", third}})});
    const auto adjusted = [&](const std::string& how) {
        ComparisonOptions options = against_main("paired_t");
        options.adjust = how;
        return compare_cells(summary, options);
    };
    const auto holm = adjusted("holm");
    ASSERT_EQ(holm.size(), 3U);
    EXPECT_EQ(holm[0].metric, "image_auroc");
    EXPECT_NEAR(*holm[0].p_adjusted, 2 * *holm[0].p, 1e-15);
    EXPECT_EQ(*holm[1].p_adjusted, *holm[1].p);
    EXPECT_EQ(*holm[2].p_adjusted, *holm[2].p) << "a family of its own";
    EXPECT_EQ(*adjusted("none")[0].p_adjusted, *holm[0].p);
    EXPECT_NEAR(*adjusted("bonferroni")[1].p_adjusted, std::min(1.0, 2 * *holm[1].p), 1e-15);
    EXPECT_LE(*adjusted("bh")[1].p_adjusted, *holm[1].p + 1e-15);
}

TEST(ComparisonTest, CellsAreFoundByNameAndId) {
    Summary summary = two_cells();
    summary.cells[1].info.names.push_back("axis=b");
    EXPECT_EQ(find_cell(summary, "b"), 1U);
    EXPECT_EQ(find_cell(summary, "axis=b"), 1U);
    EXPECT_EQ(find_cell(summary, "id-main"), 0U);
    EXPECT_EQ(find_cell(summary, "id-m"), 0U);
    const auto message = [&](const std::string& name) -> std::string {
        try {
            find_cell(summary, name);
        } catch (const sweeps::UsageError& error) {
            return error.what();
        }
        return "";
    };
    EXPECT_TRUE(contains(message("mian"), "main")) << message("mian");
    summary.cells[1].info.name = "main";
    EXPECT_TRUE(contains(message("main"), "several cells")) << message("main");
}

TEST(ComparisonTest, WhatIsNotKnownIsRefused) {
    const auto refuses = [](ComparisonOptions options) {
        EXPECT_THROW(compare_cells(two_cells(), options), sweeps::UsageError);
    };
    ComparisonOptions options = against_main("anova");
    refuses(options);
    options = against_main("paired_t");
    options.metrics = {"image_aurocs"};
    refuses(options);
    options = against_main("paired_t");
    options.same = {"train.lrr"};
    refuses(options);
    options = against_main("paired_t");
    options.adjust = "sidak";
    refuses(options);
    EXPECT_TRUE(compare_cells(two_cells(), {}).empty());
}

TEST(ComparisonTest, NothingIsBoldWhereAllAreWorse) {
    Values worse, odd = {{0, 90.1}, {1, 90.3}, {2, 90.2}};
    for (const auto& [seed, value] : kMain) {
        worse[seed] = value - 1 - 0.01 * static_cast<double>(seed);
    }
    Report report = make_report("demo",
                                {},
                                summary_of({cell("main", {{"image_auroc", kMain}}),
                                            cell("worse", {{"image_auroc", worse}}),
                                            cell("odd", {{"image_auroc", odd}}),
                                            cell("one", {{"image_auroc", {{0, 98.0}}}})}));
    compare_report(report, against_main("paired_t"));
    EXPECT_LE(*report.comparisons[1].p_adjusted, 0.05);
    const std::string text = markdown_report(report);
    EXPECT_TRUE(contains(text, "-1.02 *")) << text;
    EXPECT_FALSE(contains(text, "**-")) << text;
    EXPECT_TRUE(contains(text, "-7.96†")) << text;
    EXPECT_FALSE(contains(text, "-7.96† *")) << text;
    EXPECT_TRUE(contains(text, "over the 2 comparisons of a metric that could be tested")) << text;
}

TEST(ComparisonTest, AdjustmentCanPutAlphaOutOfReach) {
    Values values, lower;
    for (std::uint64_t seed = 0; seed < 8; ++seed) {
        values[seed] = 0.99;
        lower[seed] = 0.7 + 0.01 * static_cast<double>(seed);
    }
    std::vector<CellSummary> cells = {cell("main", {{"m", values}})};
    const auto note = [&](std::size_t count) {
        while (cells.size() <= count) {
            cells.push_back(cell("c" + std::to_string(cells.size()), {{"m", lower}}));
        }
        return compare_cells(summary_of(cells), against_main("wilcoxon"))[0].note;
    };
    EXPECT_EQ(note(6).find("out of reach"), std::string::npos);
    // 7 * 2 / 2^8
    EXPECT_TRUE(
        contains(note(7), "after holm over 7 tests p is at least 0.05469: 0.05 is out of reach"))
        << note(7);
}

TEST(ComparisonTest, ReportsTellThem) {
    Summary summary = two_cells();
    summary.cells.push_back(cell("c", {{"image_auroc", {{0, 99.0}, {1, 99.1}}}}));
    Report report = make_report("demo", {}, summary);
    compare_report(report, against_main("paired_t"));
    const auto json = nlohmann::json::parse(json_report(report)).at("comparisons");
    ASSERT_EQ(json.size(), 2U);
    EXPECT_EQ(json[0].at("cell"), "b");
    EXPECT_EQ(json[0].at("vs"), "main");
    EXPECT_EQ(json[0].at("n"), 5);
    EXPECT_EQ(json[0].at("effect_name"), "d_z");
    EXPECT_EQ(json[0].at("delta").get<double>(), report.comparisons[0].delta);
    EXPECT_TRUE(json[0].at("ci95").is_array());
    EXPECT_EQ(json[1].at("unfair"), nlohmann::json({"seeds"}));
    const std::string text = markdown_report(report);
    EXPECT_TRUE(contains(text, "## Comparisons with main")) << text;
    EXPECT_TRUE(contains(text, "**+0.15**")) << text;
    EXPECT_TRUE(contains(text, "+0.89†")) << text;
    EXPECT_FALSE(contains(text, "**+0.89**")) << "unfair, so never bold";
    EXPECT_TRUE(contains(text, "† not a fair comparison (cell / baseline: seeds 0, 1 / 0..4): c."))
        << text;
}

TEST(PairTestsTest, AMemoOfPosteriorsChangesNothing) {
    const std::vector<double> y{0.5, 0.6, 0.7, 0.8, 0.9};
    PosteriorMemo memo;
    for (const std::vector<double>& x : {std::vector<double>{0.53, 0.61, 0.72, 0.8, 0.95},
                                         std::vector<double>{0.51, 0.68, 0.7, 0.84, 0.93}}) {
        const PairOutcome alone = pair_test("bayes", x, y, 0.05, 0.0001);
        EXPECT_EQ(pair_test("bayes", x, y, 0.05, 0.0001, &memo).p, alone.p);
        EXPECT_EQ(
            pair_test("bayes", {x.rbegin(), x.rend()}, {y.rbegin(), y.rend()}, 0.05, 0.0001).p,
            alone.p);
    }
    EXPECT_EQ(memo.size(), 1U) << "both have one tie and four gains of more than the rope";
}

}  // namespace
}  // namespace harrow::analysis
