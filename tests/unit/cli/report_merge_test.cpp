#include "cli/report_merge.hpp"

#include <string>

#include <gtest/gtest.h>

#include "cli/report_choice.hpp"
#include "cli/report_source.hpp"
#include "sweeps/error.hpp"
#include "sweeps/keys.hpp"

namespace harrow::cli {
namespace {

struct FakeRun {
    storage::RunState state;

    explicit FakeRun(const std::string& name) {
        state.sweep.emplace();
        state.sweep->name = name;
        state.sweep->imported = true;
    }

    FakeRun& cell(const std::string& id,
                  const std::string& name,
                  std::vector<std::uint64_t> seeds) {
        state.cells.push_back({id, name, {name}, {}, std::move(seeds)});
        return *this;
    }

    FakeRun& table(const std::string& name) {
        state.sweep->tables =
            "[{name: " + name + ", rows: [{cell: main}], columns: [image_auroc]}]";
        return *this;
    }

    FakeRun& value(const std::string& id, std::uint64_t seed, double value) {
        const std::string trial = sweeps::trial_id(id, seed);
        state.finished[trial] = {trial, {{0, "mean", "routed", "image_auroc", value}}, {}};
        return *this;
    }
};

analysis::Report report_of(const FakeRun& a, const FakeRun& b) {
    return make_run_report({{"runs/a", &a.state}, {"runs/b/", &b.state}}, false);
}

TEST(ReportMergeTest, OneCellOfTwoRunsHasTheSeedsOfBoth) {
    const FakeRun a =
        FakeRun("first").cell("x", "main", {0, 1}).value("x", 0, 0.5).value("x", 1, 0.6);
    const FakeRun b =
        FakeRun("second").cell("x", "best", {1, 2}).value("x", 1, 0.6).value("x", 2, 0.7);
    const analysis::Report report = report_of(a, b);
    EXPECT_EQ(report.name, "first + second");
    ASSERT_EQ(report.summary.cells.size(), 1U);
    const analysis::CellSummary& cell = report.summary.cells[0];
    EXPECT_EQ(cell.info.name, "main");
    EXPECT_EQ(cell.finished, (std::vector<std::uint64_t>{0, 1, 2}));
    EXPECT_EQ(cell.metrics.at("image_auroc").values.at(2), 0.7);
    EXPECT_TRUE(report.summary.notes.empty());
}

TEST(ReportMergeTest, ATrialWithTwoResultsIsRefusedByName) {
    const FakeRun a = FakeRun("first").cell("x", "main", {7}).value("x", 7, 0.5);
    const FakeRun b = FakeRun("second").cell("x", "main", {7}).value("x", 7, 0.25);
    try {
        report_of(a, b);
        FAIL() << "two values of one trial";
    } catch (const sweeps::UsageError& error) {
        const std::string text = error.what();
        for (const char* part : {"'main' seed 7", "runs/a", "runs/b/", "0.5 and 0.25"}) {
            EXPECT_NE(text.find(part), std::string::npos) << part << " in " << text;
        }
    }
}

TEST(ReportMergeTest, DifferentCellsOfOneNameGetTheirRunInFront) {
    const FakeRun a = FakeRun("first").cell("x", "main", {0}).cell("z", "other", {0});
    const FakeRun b = FakeRun("second").cell("y", "main", {0});
    const analysis::Report report = report_of(a, b);
    ASSERT_EQ(report.summary.cells.size(), 3U);
    EXPECT_EQ(report.summary.cells[0].info.name, "first/main");
    EXPECT_EQ(report.summary.cells[1].info.name, "other");
    EXPECT_EQ(report.summary.cells[2].info.name, "second/main");
    EXPECT_EQ(report.summary.notes.size(), 3U) << "all are pending";
}

TEST(ReportMergeTest, RunsOfOneNameAreToldApartByTheirFolders) {
    const FakeRun a = FakeRun("sweep").cell("x", "main", {0}),
                  b = FakeRun("sweep").cell("y", "main", {0});
    const analysis::Report report = report_of(a, b);
    EXPECT_EQ(report.summary.cells[0].info.name, "a/main");
    EXPECT_EQ(report.summary.cells[1].info.name, "b/main");
}

TEST(ReportMergeTest, WhatOneRunFinishedIsNotMissing) {
    FakeRun a = FakeRun("first").cell("x", "main", {0});
    a.state.failed["x.s0"] = {"crashed", "signal 11", storage::UnitKind::Training, "key", 1};
    const FakeRun b = FakeRun("second").cell("x", "main", {0}).value("x", 0, 0.5);
    EXPECT_TRUE(report_of(a, b).summary.notes.empty());
    EXPECT_EQ(report_of(a, a).summary.notes.size(), 1U);
    EXPECT_EQ(report_of(a, a).summary.notes[0].reason, "signal 11");
}

TEST(ReportMergeTest, TablesOfTwoRunsNeverShareAName) {
    const FakeRun a = FakeRun("ä ö").cell("x", "main", {0}).table("main"),
                  b = FakeRun("ü ß").cell("y", "main", {0}).table("main");
    const analysis::Report report = report_of(a, b);
    ASSERT_EQ(report.tables.size(), 2U);
    EXPECT_EQ(report.tables[1].spec.name, report.tables[0].spec.name + "-2");
    EXPECT_EQ(report.tables[1].run, "ü ß");
}

TEST(ReportMergeTest, AnotherMetricKeepsTheTablesOfTheSweep) {
    const FakeRun a = FakeRun("first").cell("x", "main", {0}).value("x", 0, 0.5).table("main");
    analysis::Report report = make_run_report(a.state, false);
    choose_objective(report, {"pixel_ap"});
    EXPECT_EQ(report.objective.metric, "pixel_ap");
    EXPECT_FALSE(report.selection.cell.has_value()) << "nothing has it";
    EXPECT_EQ(report.tables.size(), 1U);
}

}  // namespace
}  // namespace harrow::cli
