#include <set>

#include <gtest/gtest.h>

#include "analysis/comparison/routing_confusion.hpp"
#include "analysis/document/markdown.hpp"
#include "analysis/sections/sections.hpp"
#include "tests/unit/analysis/seed_tables.hpp"

namespace harrow::analysis {
namespace {

using namespace testing;

storage::ResultRow row(const std::string& cell,
                       std::uint64_t seed,
                       int after_task,
                       const std::string& class_name,
                       double value,
                       const std::string& routing = "routed",
                       const std::string& metric = "image_auroc") {
    return {cell, cell, cell, seed, after_task, class_name, routing, metric, value};
}

/// Two classes, one after the other; the first is forgotten a little.
std::vector<storage::ResultRow> sequence_rows() {
    return {row("main", 0, 0, "bottle", 0.9),
            row("main", 0, 0, "mean", 0.9),
            row("main", 0, 1, "bottle", 0.8),
            row("main", 0, 1, "cable", 0.7),
            row("main", 0, 1, "mean", 0.75),
            row("main", 0, 1, "mean", 0.8, "oracle"),
            row("main", 1, 0, "bottle", 0.94),
            row("main", 1, 0, "mean", 0.94),
            row("main", 1, 1, "bottle", 0.82),
            row("main", 1, 1, "cable", 0.74),
            row("main", 1, 1, "mean", 0.78),
            row("main", 1, 1, "mean", 0.79, "oracle"),
            row("main", 0, 1, "mean", 0.95, "routed", "routing_acc"),
            row("main", 0, 1, "bottle", 0.9, "routed", "routing_acc"),
            row("main", 0, 1, "cable", 1, "routed", "routing_acc"),
            row("main", 0, 1, "mean", 0.1, "routed", "image_auroc.fm")};
}

Report sequence_report() {
    return make_report(
        "demo", {}, summarise(sequence_rows(), {{"main", "main", {"main"}, {}, {0, 1}}}));
}

std::string text_of(const Section& section) {
    return markdown_text(Document{"", {}, {section}});
}

TEST(ForgettingSectionTest, MatrixForgettingAndBackwardTransfer) {
    const Section section = forgetting_section(sequence_report()).value();
    const Table& table = table_of(section, "forgetting-image-auroc-main");
    EXPECT_EQ(column(table, "after task"), (Texts{"0", "1", "forgotten", "last − own task"}));
    EXPECT_EQ(column(table, "bottle"), (Texts{"0.9200", "0.8100", "0.1100", "-0.1100"}));
    EXPECT_EQ(column(table, "cable"), (Texts{"", "0.7200", "0.0000", ""}));
    EXPECT_EQ(column(table, "mean"), (Texts{"0.9200", "0.7650", "", "-0.1100"}));
    EXPECT_TRUE(contains(text_of(section), "by the right expert 0.7950 ± 0.0071 (2)"))
        << text_of(section);
    EXPECT_TRUE(contains(text_of(section), "forgetting 0.1000 (1)")) << text_of(section);
}

TEST(ForgettingSectionTest, OneTaskHasNothingToForget) {
    const Report report = make_report("x", {}, summarise({row("a", 0, 0, "mean", 1)}, {}));
    EXPECT_FALSE(forgetting_section(report).has_value());
}

TEST(RoutingSectionTest, GapIsBySeed) {
    Report report = sequence_report();
    const Section section = routing_section(report).value();
    const Table& table = table_of(section, "routing");
    EXPECT_EQ(column(table, "gap"), (Texts{"+0.0300"}));
    EXPECT_EQ(table.rows[0].cells[4].spread, "0.0283");
    EXPECT_EQ(column(table_of(section, "routing-classes"), "main"), (Texts{"0.9000", "1.0000"}));
}

TEST(RoutingSectionTest, ConfusionIsShownWhereThereIsAny) {
    Report report = sequence_report();
    report.summary.cells[0].confusion =
        RoutingConfusion{{{20, 0}, {0, 30}}, {"bottle", "cable"}, 1};
    EXPECT_TRUE(contains(text_of(*routing_section(report)),
                         "all 50 images went to the expert of their own task"))
        << text_of(*routing_section(report));
    report.summary.cells[0].confusion->images = {{15, 5}, {0, 30}};
    const Section section = routing_section(report).value();
    const Table& table = table_of(section, "routing-confusion-main");
    EXPECT_EQ(column(table, "task"), (Texts{"0 bottle", "1 cable"}));
    EXPECT_EQ(column(table, "1"), (Texts{"5", "30"}));
    EXPECT_EQ(column(table, "right"), (Texts{"0.7500", "1.0000"}));
}

TEST(RoutingConfusionTest, CountsTheLastStageOfEverySeed) {
    storage::PatchScores scores;
    scores.num_tasks = 2;
    scores.has_router = true;
    storage::ClassScores bottle, cable;
    bottle.class_name = "bottle";
    bottle.images = 3;
    cable.class_name = "cable";
    cable.task = 1;
    cable.images = 2;
    bottle.routed_task = {0, 0, 0, 0, 1, 0};  // after task 0, after task 1
    cable.routed_task = {-1, -1, 1, 1};
    scores.classes = {bottle, cable};
    RoutingConfusion confusion;
    EXPECT_TRUE(add_to_confusion(confusion, scores));
    EXPECT_TRUE(add_to_confusion(confusion, scores));
    EXPECT_EQ(confusion.seeds, 2U);
    EXPECT_EQ(confusion.images, (std::vector<std::vector<std::uint64_t>>{{4, 2}, {0, 4}}));
    EXPECT_EQ(confusion.tasks, (Texts{"bottle", "cable"}));
    scores.has_router = false;
    EXPECT_FALSE(add_to_confusion(confusion, scores));
    EXPECT_EQ(confusion.seeds, 2U);
}

TEST(CostSectionTest, SharedTrainingsCountOnce) {
    Report report = sequence_report();
    EXPECT_FALSE(cost_section(report).has_value());
    auto& costs = report.summary.cells[0].costs;
    costs[0].training_seconds = 3600;
    costs[0].training = "k";
    costs[0].parameters = {100, 7, 7};
    costs[1] = costs[0];
    costs[1].peak_rss_bytes = 2.0 * 1024 * 1024;
    const Section section = cost_section(report).value();
    const Table& table = table_of(section, "cost");
    EXPECT_EQ(column(table, "training (s)"), (Texts{"3600.0"}));
    EXPECT_EQ(column(table, "peak memory (MiB)"), (Texts{"2"}));
    EXPECT_EQ(column(table, "trained parameters by task"), (Texts{"100 + 2 × 7"}));
    EXPECT_TRUE(contains(text_of(section), "1.00 slot hours of training for 2 trials, from 1"))
        << text_of(section);
    EXPECT_FALSE(contains(text_of(section), "scoring (s)"));
}

TEST(FailuresSectionTest, CountsByState) {
    Summary summary = summarise({},
                                {{"a", "a", {}, {}, {0, 1, 2}}, {"b", "b", {}, {}, {0}}},
                                {{"a", 0, "crashed", "signal 11"},
                                 {"a", 1, "pending", ""},
                                 {"b", 0, "pending", ""},
                                 {"b", 0, "undefined", "one class"}});
    const std::string text = text_of(failures_section(make_report("x", {}, std::move(summary))));
    EXPECT_TRUE(contains(text,
                         "Trials without result: 1 crashed, 1 missing, 2 pending; 1 note on "
                         "undefined values."))
        << text;
}

/// A grid of 1,000 cells with 3 seeds and 15 classes.
Report large_report() {
    Summary summary;
    std::vector<CellInfo> cells;
    std::vector<storage::ResultRow> rows;
    for (int i = 0; i < 1000; ++i) {
        const std::string name = "cell" + std::to_string(i);
        CellInfo info{name, name, {name}, {}, {0, 1, 2}};
        for (int digit = 0, rest = i; digit < 3; ++digit, rest /= 10) {
            info.settings["p" + std::to_string(digit)] = std::to_string(rest % 10);
        }
        for (std::uint64_t seed = 0; seed < 3; ++seed) {
            const double value = 0.5 + (i * 37 % 1009) / 4000.0 + 0.001 * static_cast<double>(seed);
            rows.push_back(row(name, seed, 0, "mean", value));
            for (int k = 0; k < 15; ++k) {
                rows.push_back(row(name, seed, 0, "class" + std::to_string(k), value - k * 0.01));
            }
        }
        cells.push_back(std::move(info));
    }
    return make_report("large", {}, summarise(rows, cells));
}

TEST(SectionsTest, AThousandCellsStayReadable) {
    const Report report = large_report();
    for (const auto make : {ranking_section,
                            classes_section,
                            one_factor_section,
                            interaction_section,
                            importance_section}) {
        const Section section = make(report).value();
        for (const Block& block : section.blocks) {
            if (const Table* table = std::get_if<Table>(&block)) {
                EXPECT_LE(table->rows.size(), 41U) << table->id;
                EXPECT_FALSE(table->rows.empty()) << table->id;
            }
        }
        EXPECT_LE(section.blocks.size(), 14U) << section.id;
    }
    const Section classes = classes_section(report).value();
    EXPECT_TRUE(contains(notes(table_of(classes, "classes-image-auroc")), "30 of 1000 cells"))
        << notes(table_of(classes, "classes-image-auroc"));
    EXPECT_EQ(column(table_of(classes, "class-hardest"), "class").front(), "class14");
    EXPECT_EQ(column(table_of(*ranking_section(report), "ranking"), "rank").size(), 20U);
    EXPECT_TRUE(contains(text_of(*one_factor_section(report)), "of 300 groups"))
        << text_of(*one_factor_section(report));
}

TEST(SectionsTest, EveryTableHasItsColumnsAndAnIdOfItsOwn) {
    for (const char* name :
         {"group1", "main", "top20", "ablation_first", "interaction_15", "tail"}) {
        const Document document = report_document(seed_report(name));
        std::set<std::string> ids;
        for (const Section& section : document.sections) {
            for (const Block& block : section.blocks) {
                if (const Table* table = std::get_if<Table>(&block)) {
                    EXPECT_TRUE(ids.insert(table->id).second) << table->id;
                    EXPECT_EQ(table->id.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-"),
                              std::string::npos);
                    for (const TableRow& line : table->rows) {
                        EXPECT_EQ(line.cells.size(), table->columns.size()) << table->id;
                    }
                }
            }
        }
    }
}

TEST(ForgettingSectionTest, ChangesAreTakenWithinASeed) {
    // Seed 0 learns bottle first, seed 1 cable: neither forgets anything, though bottle's mean
    // after the first task is above that after the second.
    const Report report = make_report("demo",
                                      {},
                                      summarise({row("main", 0, 0, "bottle", 0.9),
                                                 row("main", 0, 1, "bottle", 0.9),
                                                 row("main", 0, 1, "cable", 0.5),
                                                 row("main", 1, 0, "cable", 0.7),
                                                 row("main", 1, 1, "cable", 0.8),
                                                 row("main", 1, 1, "bottle", 0.3)},
                                                {{"main", "main", {"main"}, {}, {0, 1}}}));
    const Section section = forgetting_section(report).value();
    const Table& table = table_of(section, "forgetting-image-auroc-main");
    EXPECT_EQ(column(table, "bottle"), (Texts{"0.9000", "0.6000", "0.0000", "0.0000"}));
    EXPECT_EQ(column(table, "cable"), (Texts{"0.7000", "0.6500", "0.0000", "+0.1000"}));
    EXPECT_EQ(column(table, "mean"), (Texts{"", "", "", "+0.0500"}));
}

TEST(RankingSectionTest, WithoutADirectionNothingIsRanked) {
    std::vector<storage::ResultRow> rows, times;
    for (int i = 0; i < 6; ++i) {
        const std::string name = "c" + std::to_string(i);
        times.push_back(row(name, 0, 0, "mean", 10 + i, "routed", "seconds"));
        rows.push_back(row(name, 0, 0, "mean", 0.1 * i, "routed", "FM"));
    }
    Report report = make_report("demo", {"FM", sweeps::Goal::Minimize, {}}, summarise(rows, {}));
    const Section ranked = ranking_section(report).value();
    EXPECT_EQ(column(table_of(ranked, "ranking-fm"), "cell").front(), "c0");
    EXPECT_FALSE(ranking_section(make_report("demo", {}, summarise(times, {}))));
}

}  // namespace
}  // namespace harrow::analysis
