#include "analysis/summary.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "analysis/selection/selection.hpp"
#include "sweeps/error.hpp"

namespace harrow::analysis {
namespace {

std::vector<storage::ResultRow> trial(const std::string& cell,
                                      std::uint64_t seed,
                                      double auroc,
                                      double pixel_ap) {
    const std::string id = cell + ".s" + std::to_string(seed);
    std::vector<storage::ResultRow> rows;
    const auto add = [&](int after,
                         const char* class_name,
                         const char* routing,
                         const char* metric,
                         double value) {
        rows.push_back({id, cell, "name-" + cell, seed, after, class_name, routing, metric, value});
    };
    add(0, "mean", "routed", "image_auroc", 0.111);
    add(1, "mean", "routed", "image_auroc", auroc);
    add(1, "mean", "oracle", "image_auroc", 0.999);
    add(1, "mean", "routed", "pixel_ap", pixel_ap);
    add(1, "mean", "routed", "image_auroc.fm", 0.01);
    add(1, "bottle", "routed", "image_auroc", auroc - 0.1);
    add(1, "tile", "routed", "image_auroc", auroc + 0.1);
    return rows;
}

std::vector<storage::ResultRow> operator+(std::vector<storage::ResultRow> a,
                                          const std::vector<storage::ResultRow>& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

const std::vector<CellInfo> kCells = {{"A", "name-A", {"name-A"}, {}, {0, 42, 7}},
                                      {"B", "name-B", {"name-B"}, {}, {0, 42}},
                                      {"C", "name-C", {"name-C"}, {}, {0}}};

Summary example() {
    return summarise(trial("B", 0, 0.9, 0.3) + trial("A", 42, 0.7, 0.5) + trial("A", 0, 0.8, 0.5) +
                         trial("B", 42, 0.9, 0.3),
                     kCells);
}

TEST(SummaryTest, TakesTheLastRoutedMeans) {
    const Summary summary = example();
    ASSERT_EQ(summary.cells.size(), 3U);
    const MetricSummary& auroc = summary.cells[0].metrics.at("image_auroc");
    EXPECT_EQ(auroc.values, (std::map<std::uint64_t, double>{{0, 0.8}, {42, 0.7}}));
    EXPECT_NEAR(auroc.statistics.mean.value(), 0.75, 1e-15);
    EXPECT_NEAR(auroc.statistics.std.value(), 0.0707106781186548, 1e-14);
    EXPECT_EQ(summary.cells[1].metrics.at("image_auroc").statistics.std, 0.0);
    EXPECT_NEAR(summary.cells[0].classes.at("bottle").at("image_auroc").statistics.mean.value(),
                0.65,
                1e-15);
}

TEST(SummaryTest, MissingSeedsShow) {
    const Summary summary = example();
    EXPECT_EQ(summary.cells[0].finished, (std::vector<std::uint64_t>{0, 42}));
    EXPECT_EQ(summary.cells[0].missing, std::vector<std::uint64_t>{7});
    EXPECT_EQ(summary.cells[0].metrics.at("pixel_ap").missing, std::vector<std::uint64_t>{7});
    EXPECT_EQ(summary.cells[2].missing, std::vector<std::uint64_t>{0});
    EXPECT_TRUE(summary.cells[2].metrics.empty());
}

TEST(SummaryTest, MetricsAndClassesHaveAFixedOrder) {
    const Summary summary = example();
    EXPECT_EQ(summary.metrics,
              (std::vector<std::string>{"image_auroc", "pixel_ap", "image_auroc.fm"}));
    EXPECT_EQ(summary.classes, (std::vector<std::string>{"bottle", "tile"}));
    EXPECT_TRUE(metric_before("pixel_ap", "an_imported_metric"));
    EXPECT_TRUE(metric_before("imported_a", "imported_b"));
}

TEST(SummaryTest, OrderOfRowsDoesNotMatter) {
    const auto rows = trial("A", 0, 0.1, 0.3) + trial("A", 42, 0.2, 0.5) + trial("A", 7, 0.7, 0.1);
    const std::vector<storage::ResultRow> reversed(rows.rbegin(), rows.rend());
    const auto mean = [](const std::vector<storage::ResultRow>& some) {
        return summarise(some, kCells).cells[0].metrics.at("image_auroc").statistics.mean;
    };
    EXPECT_EQ(mean(rows), mean(reversed));
}

TEST(SummaryTest, ResultsOfUnknownCellsStay) {
    const Summary summary = summarise(trial("Z", 3, 0.4, 0.2), {});
    ASSERT_EQ(summary.cells.size(), 1U);
    EXPECT_EQ(summary.cells[0].info.name, "name-Z");
    EXPECT_EQ(summary.cells[0].finished, std::vector<std::uint64_t>{3});
}

TEST(SelectionTest, BestMeanInTheDirectionOfTheGoal) {
    const Summary summary = example();
    const Selection best = select_best(summary, {"image_auroc", sweeps::Goal::Maximize, {}});
    EXPECT_EQ(best.cell, 1U);
    EXPECT_EQ(best.compared, 2U);  // the third cell has no value
    // The lower one has two of its three seeds: it does not win silently.
    const Selection lowest = select_best(summary, {"image_auroc", sweeps::Goal::Minimize, {}});
    EXPECT_EQ(lowest.cell, 1U);
    EXPECT_EQ(lowest.passed_over, std::vector<std::size_t>{0});
    ASSERT_EQ(lowest.notes.size(), 1U);
    EXPECT_NE(lowest.notes[0].find("name-A (2 of 3 seeds)"), std::string::npos) << lowest.notes[0];
}

TEST(SelectionTest, ConstraintsRefuseCells) {
    const Summary summary = example();
    const Selection best =
        select_best(summary, {"image_auroc", sweeps::Goal::Maximize, {"pixel_ap >= 0.4"}});
    EXPECT_EQ(best.cell, 0U);
    EXPECT_EQ(best.refused, 1U);
    const Selection none = select_best(
        summary, {"image_auroc", sweeps::Goal::Maximize, {"pixel_ap>0.4 and image_auroc > 0.8"}});
    EXPECT_FALSE(none.cell);
    EXPECT_FALSE(none.why_none.empty());
    EXPECT_FALSE(select_best(summary, {"aupro", sweeps::Goal::Maximize, {}}).cell);
}

TEST(SelectionTest, AConstraintOnAnAbsentMetricDoesNotHold) {
    EXPECT_FALSE(
        select_best(example(), {"image_auroc", sweeps::Goal::Maximize, {"pixel_auroc < 2"}}).cell);
}

TEST(SelectionTest, ConstraintsThatCannotBeReadAreRefused) {
    for (const char* wrong :
         {"", "image_auroc", "image_auroc >= high", "image_aurocs >= 0.5", ">= 1"}) {
        EXPECT_THROW(select_best(example(), {"image_auroc", sweeps::Goal::Maximize, {wrong}}),
                     sweeps::UsageError)
            << wrong;
    }
}

TEST(SummaryTest, ASeedThatStopsEarlierIsMissing) {
    std::vector<storage::ResultRow> short_trial = trial("A", 42, 0.7, 0.5);
    for (storage::ResultRow& row : short_trial) {
        row.after_task = 0;
    }
    const Summary summary = summarise(trial("A", 0, 0.8, 0.5) + short_trial, kCells);
    const CellSummary& cell = summary.cells[0];
    EXPECT_EQ(cell.finished, std::vector<std::uint64_t>{0});
    EXPECT_EQ(cell.missing, (std::vector<std::uint64_t>{7, 42}));
    EXPECT_EQ(cell.metrics.at("image_auroc").values, (std::map<std::uint64_t, double>{{0, 0.8}}));
    EXPECT_EQ(cell.sequences.at("image_auroc").means[0].n, 1U);
    ASSERT_EQ(summary.notes.size(), 1U);
    EXPECT_EQ(summary.notes[0].seed, 42U);
    EXPECT_EQ(summary.notes[0].state, "incomplete");
    EXPECT_EQ(summary.notes[0].reason, "rows end after task 0, those of other seeds after task 1");
}

}  // namespace
}  // namespace harrow::analysis
