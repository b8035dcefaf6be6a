#include "analysis/paper/paper_table.hpp"

#include <map>
#include <string>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "analysis/document/csv.hpp"
#include "analysis/document/markdown.hpp"
#include "analysis/report.hpp"
#include "analysis/sections/sections.hpp"
#include "sweeps/tables/table_reader.hpp"

namespace harrow::analysis {
namespace {

using Seeds = std::map<std::uint64_t, double>;

struct FakeCell {
    std::string name;
    Seeds auroc;  ///< of image_auroc by seed
    std::vector<std::uint64_t> seeds = {0, 1, 2};
    std::string data = "d1";
    std::string run = "mvtec-main";
    std::string label = {};
    std::vector<std::string> tags = {};
    std::map<std::string, std::string> settings = {};
    bool is_import = false;
};

Summary summary_of(const std::vector<FakeCell>& fakes) {
    std::vector<CellInfo> cells;
    std::vector<storage::ResultRow> rows;
    for (const FakeCell& fake : fakes) {
        const std::string id = fake.run + "-" + fake.name;
        CellInfo info{
            id, fake.name, {fake.name, "alias-" + fake.name}, fake.tags, fake.seeds, fake.label};
        info.data_digest = fake.data;
        info.run = fake.run;
        info.data_names = {fake.run, "MVTec"};
        info.settings = fake.settings;
        info.is_import = fake.is_import;
        cells.push_back(info);
        for (const auto& [seed, value] : fake.auroc) {
            const std::string trial = id + ".s" + std::to_string(seed);
            for (const char* class_name : {"mean", "bottle"}) {
                rows.push_back(
                    {trial, id, fake.name, seed, 0, class_name, "routed", "image_auroc", value});
            }
            rows.push_back(
                {trial, id, fake.name, seed, 0, "mean", "routed", "image_auroc.fm", 1 - value});
        }
    }
    return summarise(rows, cells);
}

Table build(const std::string& body,
            const Summary& summary,
            const std::vector<std::string>& same = {},
            std::vector<sweeps::Problem>* problems = nullptr) {
    std::vector<sweeps::Problem> found;
    const auto specs = sweeps::parse_tables("tables:\n- {name: t, " + body + "}\n", "t.yaml");
    Table table = paper_table(specs.front(), summary, same, found);
    if (problems != nullptr) {
        *problems = found;
    } else {
        EXPECT_TRUE(found.empty()) << sweeps::UsageError(found).what();
    }
    return table;
}

/// "**98.00** ± 0.10 †" without the joins of any format.
std::string shown(const TableCell& cell) {
    const char* emphasis = cell.emphasis == Emphasis::Best  ? "*"
                           : cell.emphasis == Emphasis::Tie ? "_"
                                                            : "";
    return emphasis + cell.text + (cell.spread.empty() ? "" : "±" + cell.spread) + emphasis +
           cell.mark + cell.suffix;
}

std::vector<std::string> column(const Table& table, std::size_t index = 1) {
    std::vector<std::string> texts;
    for (const TableRow& row : table.rows) {
        texts.push_back(shown(row.cells.at(index)));
    }
    return texts;
}

std::string notes(const Table& table) {
    std::string text;
    for (const std::string& note : table.notes) {
        text += note + "\n";
    }
    return text;
}

using Texts = std::vector<std::string>;

const FakeCell kMain = {"main", {{0, 0.981}, {1, 0.982}, {2, 0.983}}};
const FakeCell kClose = {"close", {{0, 0.984}, {1, 0.980}, {2, 0.981}}};
const FakeCell kFar = {"far", {{0, 0.951}, {1, 0.952}, {2, 0.9531}}};
const char* const kThree =
    "rows: [{cell: main}, {cell: close}, {cell: far}], columns: [image_auroc]";

TEST(PaperTableTest, BestIsBoldAndWhatNoTestTellsFromItIsUnderlined) {
    const Table table = build(kThree, summary_of({kMain, kClose, kFar}));
    EXPECT_EQ(column(table), (Texts{"*98.20±0.10*", "_98.17±0.21_", "95.20±0.11"}));
    EXPECT_EQ(table.columns[1].heading, "image_auroc ↑");
    EXPECT_EQ(table.id, "paper-t");
    EXPECT_NE(notes(table).find("over 3 seeds, in per cent"), std::string::npos) << notes(table);
    EXPECT_NE(notes(table).find("underlined: not separable"), std::string::npos) << notes(table);
    EXPECT_EQ(notes(table).find("†"), std::string::npos);
}

TEST(PaperTableTest, LessForgettingIsBetter) {
    const Table table =
        build("rows: [{cell: far}, {cell: main}], columns: [image_auroc.fm], underline: second",
              summary_of({kMain, kFar}));
    EXPECT_EQ(column(table), (Texts{"_4.80±0.11_", "*1.80±0.10*"}));
    EXPECT_EQ(table.columns[1].heading, "image_auroc.fm ↓");
}

TEST(PaperTableTest, OtherDataAndOtherSeedsAreMarkedAndNotRanked) {
    FakeCell other_data = {"other", {{0, 0.999}, {1, 0.999}, {2, 0.999}}};
    other_data.data = "d2";
    const FakeCell fewer = {"fewer", {{0, 0.99}, {1, 0.99}}};
    const Table table = build(
        "rows: [{cell: other}, {cell: main}, {cell: close}, {cell: fewer}], columns: [image_auroc]",
        summary_of({kMain, kClose, other_data, fewer}));
    EXPECT_EQ(column(table),
              (Texts{"99.90±0.00†", "*98.20±0.10*", "_98.17±0.21_", "99.00±0.00†(2/3)"}));
    EXPECT_NE(notes(table).find("fewer: seeds 0, 1 / 0..2; other: other data"), std::string::npos)
        << notes(table);
    EXPECT_NE(notes(table).find("(a/b): a of b seeds have a value: fewer."), std::string::npos)
        << notes(table);
}

TEST(PaperTableTest, CellsThatShouldShareASettingAndDoNotAreMarked) {
    FakeCell main = kMain, close = kClose, far = kFar;
    main.settings = close.settings = {{"train.lr", "0.0003"}, {"model.dia", "2"}};
    far.settings = {{"train.lr", "0.0002"}, {"model.dia", "0"}};
    far.auroc = {{0, 0.99}, {1, 0.99}, {2, 0.99}};
    const Summary summary = summary_of({main, close, far});
    EXPECT_EQ(column(build(kThree, summary, {"train.lr"})).back(), "99.00±0.00†");
    EXPECT_EQ(column(build(kThree, summary)).back(), "*99.00±0.00*");
    EXPECT_NE(notes(build(kThree, summary, {"train.lr"})).find("train.lr 0.0002 / 0.0003"),
              std::string::npos);
}

TEST(PaperTableTest, LongerTrainingIsNotRankedWithTheOthers) {
    FakeCell main = kMain, close = kClose, far = kFar;
    main.settings = close.settings = {{"train.num_epochs", "60"}, {"train.lr", "0.0003"}};
    close.settings["train.lr"] = "0.0002";
    far.settings = {{"train.num_epochs", "200"}, {"train.lr", "0.0001"}};
    far.auroc = {{0, 0.99}, {1, 0.99}, {2, 0.99}};
    const Table table = build(kThree, summary_of({main, close, far}));
    EXPECT_EQ(column(table).back(), "99.00±0.00†");
    EXPECT_NE(notes(table).find("far: train.num_epochs 200 / 60"), std::string::npos);
    // The last component of a parameter is enough.
    close.settings["train.lr"] = "0.0003";
    far.settings = {{"train.num_epochs", "60"}, {"train.lr", "0.0001"}};
    EXPECT_EQ(column(build(kThree, summary_of({main, close, far}), {"lr"})).back(), "99.00±0.00†");
}

TEST(PaperTableTest, WithoutTwoComparableRowsNobodyIsBest) {
    FakeCell other = kClose;
    other.data = "";
    other.run = "elsewhere";
    const Table table = build("rows: [{cell: main}, {cell: close}], columns: [image_auroc]",
                              summary_of({kMain, other}));
    EXPECT_EQ(column(table), (Texts{"98.20±0.10", "98.17±0.21†"}));
}

TEST(PaperTableTest, OneSeedIsRankedWithoutATest) {
    const FakeCell a = {"a", {{0, 0.98}}, {0}}, b = {"b", {{0, 0.97}}, {0}},
                   c = {"c", {{0, 0.98}}, {0}};
    const Table table = build("rows: [{cell: a}, {cell: b}, {cell: c}], columns: [image_auroc]",
                              summary_of({a, b, c}));
    EXPECT_EQ(column(table), (Texts{"*98.00*", "97.00", "*98.00*"}));
    EXPECT_NE(notes(table).find("One seed, in per cent"), std::string::npos);
}

const std::string kPublished =
    "rows: [{cell: main}, {cell: far}, {published: UCAD, values: {image_auroc: [99.5, 0.25]}, "
    "cite: "
    "ucad}, {published: DNE, values: {image_auroc: 0.8, pixel_ap: 0.2}, unit: fraction}], columns: "
    "[image_auroc, {metric: pixel_ap, digits: 0, spread: false}]";

TEST(PaperTableTest, PublishedValuesAreShownAndRankedOnlyOnRequest) {
    const Summary summary = summary_of({kMain, kFar});
    const Table table = build(kPublished, summary);
    EXPECT_EQ(column(table), (Texts{"*98.20±0.10*", "95.20±0.11", "99.50±0.25", "80.00"}));
    EXPECT_EQ(column(table, 2), (Texts{"–", "–", "–", "20"}));
    EXPECT_EQ(table.rows[2].cells[0].cite, "ucad");
    EXPECT_NE(notes(table).find("UCAD, DNE: as published, not ranked."), std::string::npos)
        << notes(table);
    EXPECT_NE(notes(table).find("– No value: main (pixel_ap)"), std::string::npos) << notes(table);
    const Table ranked = build(kPublished + ", rank_published: true", summary);
    EXPECT_EQ(column(ranked), (Texts{"98.20±0.10", "95.20±0.11", "*99.50±0.25*", "80.00"}));
}

TEST(PaperTableTest, TagsLabelsRulesAndRunsMakeTheRows) {
    FakeCell main = kMain, visa = kMain, far = kFar;
    main.label = visa.label = "Ours";
    main.tags = visa.tags = far.tags = {"core"};
    visa.run = "visa-main";
    visa.data = "v";
    visa.auroc = {{0, 0.91}, {1, 0.92}, {2, 0.93}};
    const Summary summary = summary_of({main, far, visa});
    const std::string columns =
        "columns: [{dataset: mvtec, label: MVTec AD, metrics: [image_auroc]}, {dataset: VISA-main, "
        "metrics: [image_auroc]}, {dataset: VISA-main, class: bottle, metrics: [image_auroc]}], "
        "datasets: {mvtec: [mvtec-main]}, spread: false";
    const Table table = build("rows: [{cell: alias-far}, rule, {tag: core}], " + columns, summary);
    ASSERT_EQ(table.rows.size(), 3U);  // far, Ours of both runs, far again
    EXPECT_EQ(table.rows[1].cells[0].text, "Ours");
    EXPECT_TRUE(table.rows[1].rule_above);
    EXPECT_FALSE(table.rows[2].rule_above);
    EXPECT_EQ(column(table, 1), (Texts{"95.20", "*98.20*", "95.20"}));
    EXPECT_EQ(column(table, 2), (Texts{"–", "92.00", "–"}));
    EXPECT_EQ(table.columns[1].group, "MVTec AD");
    EXPECT_EQ(table.columns[2].group, "VISA-main");
    EXPECT_EQ(table.columns[3].group, "VISA-main bottle");

    std::vector<sweeps::Problem> problems;
    build("rows: [{cell: Ours}], columns: [image_auroc]", summary, {}, &problems);
    ASSERT_EQ(problems.size(), 1U);
    EXPECT_EQ(sweeps::to_string(problems[0]),
              "t.yaml:2: tables.rows: the row 'Ours' has 2 cells: main of run mvtec-main, main of "
              "run visa-main; tell them apart by the columns' datasets, or name one");
}

TEST(PaperTableTest, WhatIsNotThereIsAProblemWithItsPlace) {
    std::vector<sweeps::Problem> problems;
    const Table table = build(
        "rows: [{cell: mian}, {tag: x}], columns: [{dataset: visa, metrics: [image_auroc]}, speed]",
        summary_of({kMain}),
        {},
        &problems);
    ASSERT_EQ(problems.size(), 4U);
    EXPECT_EQ(problems[0].message, "no cell is named 'mian'; did you mean main?");
    EXPECT_EQ(problems[1].key, "tables.rows.tag");
    EXPECT_NE(problems[2].message.find("called mvtec-main, MVTec; bind it"), std::string::npos);
    EXPECT_NE(problems[3].message.find("unknown metric 'speed'"), std::string::npos);
    EXPECT_EQ(column(table), (Texts{"–", "–"}));
}

TEST(PaperTableTest, ImportsInPerCentAreNotMultiplied) {
    FakeCell imported = {"theirs", {{0, 98.0}, {1, 98.2}, {2, 98.3}}};
    imported.is_import = true;
    imported.run = "imported";
    const Summary summary = summary_of({kMain, imported});
    const std::string rows = "rows: [{cell: theirs}, {cell: main}], columns: [image_auroc]";
    EXPECT_EQ(column(build(rows, summary)), (Texts{"_98.17±0.15_", "*98.20±0.10*"}));
    EXPECT_EQ(column(build(rows + ", percent: false, digits: 3", summary)),
              (Texts{"*0.982±0.002*", "*0.982±0.001*"}));
}

TEST(PaperTableTest, SharesOfAnyNameAreBroughtIntoTheTablesUnit) {
    Summary summary = summary_of({kMain});
    MetricTable& metrics = summary.cells[0].metrics;
    metrics["val_synth.image_auroc"] = metrics["seconds"] = metrics["image_auroc"];
    summary.metrics = {"image_auroc", "seconds", "val_synth.image_auroc"};
    const Table table =
        build("rows: [{cell: main}], columns: [val_synth.image_auroc, seconds]", summary);
    EXPECT_EQ(shown(table.rows[0].cells[1]), "98.20±0.10");
    EXPECT_EQ(shown(table.rows[0].cells[2]), "0.98±0.00");
}

TEST(PaperTableTest, AReportBeginsWithThemAndSaysWhatTheyLack) {
    FakeCell visa = kFar;
    visa.run = "visa-main";
    Report report = make_report("both", {}, summary_of({kMain, visa}));
    const auto specs = sweeps::parse_tables(
        "tables: [{name: t, rows: [{cell: main}, {cell: far}], columns: [image_auroc]}]", "t.yaml");
    EXPECT_FALSE(tables_section(report));
    report.tables = {{specs[0], "mvtec-main"}};
    const Document document = report_document(report);
    ASSERT_EQ(document.sections.front().id, "tables");
    const auto& blocks = document.sections.front().blocks;
    ASSERT_EQ(blocks.size(), 2U);  // `far` is another run's cell
    EXPECT_EQ(column(std::get<Table>(blocks[0])), (Texts{"98.20±0.10", "–"}));
    EXPECT_TRUE(std::get<Paragraph>(blocks[1]).is_warning);
    EXPECT_NE(std::get<Paragraph>(blocks[1]).text.find("no cell is named 'far'"),
              std::string::npos);
    report.tables[0].run = "";
    std::vector<sweeps::Problem> problems;
    EXPECT_EQ(paper_tables(report, problems).size(), 1U);
    EXPECT_TRUE(problems.empty());
}

TEST(PaperTableTest, PrintsAsMarkdownAndCsvWithHostileLabels) {
    FakeCell main = kMain;
    main.label = "Ours, \"50 %\" | <b>_x_</b>";
    const FakeCell fewer = {"fewer", {{0, 0.99}, {1, 0.98}}};
    const Table table = build(
        "caption: Main, rows: [{cell: main}, {cell: fewer}, {cell: far}], "
        "columns: [{dataset: mvtec, metrics: [image_auroc]}, {metric: pixel_ap, arrow: none}]",
        summary_of({main, fewer, kFar}));
    const std::string csv = csv_text(table);
    EXPECT_EQ(
        csv,
        "method,mvtec image_auroc ↑,mvtec image_auroc ↑ std,mvtec image_auroc ↑ note,pixel_ap\n"
        "\"Ours, \"\"50 %\"\" | <b>_x_</b>\",98.20,0.10,bold,\n"
        "fewer,98.50,0.71,† (2/3),\n"
        "far,95.20,0.11,,\n");
    const std::string markdown = markdown_text(table);
    EXPECT_NE(markdown.find("**98.20 ± 0.10**"), std::string::npos) << markdown;
    EXPECT_NE(markdown.find("98.50 ± 0.71† (2/3)"), std::string::npos) << markdown;
    EXPECT_NE(markdown.find("\\|"), std::string::npos) << markdown;
}

}  // namespace
}  // namespace harrow::analysis
