#include "sweeps/tables/table_reader.hpp"

#include <ostream>

#include <gtest/gtest.h>

#include "tests/support/fake_catalog.hpp"

namespace harrow::sweeps {
namespace {

/// Lines 1 to 3; a test's own text starts in line 4.
const std::string kTable = "tables:\n- name: main\n  rows: [{cell: main}]\n";
const std::string kColumns = "  columns: [image_auroc]\n";

struct TableMistake {
    const char* name;
    std::string text;  ///< of the file
    int line;
    const char* key;
    const char* expected;  ///< part of the message
};

void PrintTo(const TableMistake& mistake, std::ostream* stream) {
    *stream << mistake.name;
}

std::vector<Problem> table_problems(const std::string& text) {
    try {
        parse_tables(text, "t.yaml");
    } catch (const UsageError& error) {
        return error.problems();
    }
    return {};
}

class TableMistakeTest : public testing::TestWithParam<TableMistake> {};

TEST_P(TableMistakeTest, IsTheOnlyProblemAndSaysWhereAndWhat) {
    const TableMistake& mistake = GetParam();
    const auto problems = table_problems(mistake.text);
    ASSERT_EQ(problems.size(), 1U) << UsageError(problems).what();
    EXPECT_EQ(problems[0].key, mistake.key) << to_string(problems[0]);
    EXPECT_EQ(problems[0].file, "t.yaml");
    EXPECT_EQ(problems[0].line, mistake.line) << to_string(problems[0]);
    EXPECT_NE(problems[0].message.find(mistake.expected), std::string::npos)
        << to_string(problems[0]);
}

std::string with_row(const std::string& row, const std::string& columns = kColumns) {
    return "tables:\n- name: main\n  rows:\n  - " + row + "\n" + columns;
}

const TableMistake kMistakes[] = {
    {"noTables", "tabels: []\n", 1, "tables", "is 'tabels' meant to be it?"},
    {"noList", "tables: {name: main}\n", 1, "tables", "expected a list of tables"},
    {"empty", "tables: []\n", 1, "tables", "expected a list of tables"},
    {"noName",
     "tables:\n- rows: [{cell: a}]\n  columns: [image_auroc]\n",
     2,
     "tables.name",
     "missing"},
    {"badName",
     "tables:\n- name: Main Table\n  rows: [{cell: a}]\n  columns: [image_auroc]\n",
     2,
     "tables.name",
     "lower-case letters"},
    {"twoOfOneName",
     "tables:\n- {name: a, rows: [{cell: a}], columns: [image_auroc]}\n"
     "- {name: a, rows: [{cell: a}], columns: [image_auroc]}\n",
     3,
     "tables.name",
     "'a' names two tables"},
    {"unknownKey",
     kTable + kColumns + "  colums: [image_auroc]\n",
     5,
     "tables.colums",
     "did you mean columns?"},
    {"noColumns", kTable, 2, "tables.columns", "expected a list of metrics"},
    {"noRows", "tables:\n- name: main\n" + kColumns, 2, "tables.rows", "expected a list of rows"},
    {"oddRow", with_row("line"), 4, "tables.rows", "expected rule"},
    {"twoKindsOfRow", with_row("{cell: a, tag: b}"), 4, "tables.rows", "exactly one of cell, tag"},
    {"rowKey", with_row("{cell: a, lable: b}"), 4, "tables.rows.lable", "did you mean label?"},
    {"citation", with_row("{cell: a, cite: \"a}b\"}"), 4, "tables.rows.cite", "BibTeX"},
    {"groupWithoutMetrics",
     kTable + "  columns:\n  - {dataset: mvtec}\n",
     5,
     "tables.columns.metrics",
     "give a list"},
    {"digits", kTable + kColumns + "  digits: 7\n", 5, "tables.digits", "from 0 to 6"},
    {"percent", kTable + kColumns + "  percent: maybe\n", 5, "tables.percent", "true or false"},
    {"underline",
     kTable + kColumns + "  underline: tie\n",
     5,
     "tables.underline",
     "did you mean ties?"},
    {"arrow",
     kTable + "  columns:\n  - {metric: pixel_ap, arrow: upp}\n",
     5,
     "tables.arrow",
     "did you mean up?"},
    {"datasetOfNoColumn",
     kTable + "  columns: [{dataset: mvtec, metrics: [pixel_ap]}]\n  datasets: {mvtek: a}\n",
     5,
     "tables.datasets.mvtek",
     "did you mean mvtec?"},
    {"noValues", with_row("{published: UCAD}"), 4, "tables.rows.values", "missing"},
    {"valueIsText",
     with_row("{published: UCAD, values: {image_auroc: high}}"),
     4,
     "tables.rows.values.image_auroc",
     "expected a number"},
    {"valueIsNan",
     with_row("{published: UCAD, values: {image_auroc: .nan}}"),
     4,
     "tables.rows.values.image_auroc",
     "expected a number"},
    {"negativeStd",
     with_row("{published: UCAD, values: {image_auroc: [93.0, -1]}}"),
     4,
     "tables.rows.values.image_auroc",
     "expected a number"},
    {"fractionAmongPerCent",
     with_row("{published: UCAD, values: {image_auroc: 0.93}}"),
     4,
     "tables.rows.values.image_auroc",
     "0.93 in a row of per cent"},
    {"perCentAmongFractions",
     with_row("{published: UCAD, values: {image_auroc: 93.0}}") + "  percent: false\n",
     4,
     "tables.rows.values.image_auroc",
     "93.0 in a row of fractions"},
    {"valueMetric",
     with_row("{published: UCAD, values: {image_aurok: 93}}"),
     4,
     "tables.rows.values",
     "did you mean image_auroc?"},
    {"valueDataset",
     with_row("{published: UCAD, values: {visa: {pixel_ap: 30}}}",
              "  columns: [{dataset: mvtec, metrics: [pixel_ap]}]\n"),
     4,
     "tables.rows.values",
     "no column has the dataset 'visa'"},
};

INSTANTIATE_TEST_SUITE_P(Files,
                         TableMistakeTest,
                         testing::ValuesIn(kMistakes),
                         [](const auto& mistake) { return std::string(mistake.param.name); });

const std::string kFull = R"(tables:
- name: main
  caption: >
    Two data sets,
    five seeds
  rows:
  - {cell: [main, main-visa], label: "MoLE & \"Flow\"", cite: mole}
  - rule
  - {tag: ablation}
  - {published: UCAD, values: {mvtec: {image_auroc: [0.93, 0.002], image_auroc.fm: 0.01}}, unit: fraction}
  columns:
  - {dataset: mvtec, label: MVTec AD, metrics: [image_auroc, {metric: image_auroc.fm, label: FM, digits: 1, spread: false}]}
  - {dataset: visa, metrics: pixel_ap}
  - {metric: routing_acc, arrow: none}
  - pixel_auroc
  datasets: {visa: [visa-main, visa-more]}
  digits: 3
  underline: second
  rank_published: true
)";

TEST(TableReaderTest, ReadsAllThereIs) {
    const std::vector<TableSpec> tables = parse_tables(kFull, "t.yaml");
    ASSERT_EQ(tables.size(), 1U);
    const TableSpec& table = tables[0];
    EXPECT_EQ(table.caption, "Two data sets, five seeds");
    ASSERT_EQ(table.rows.size(), 3U);
    EXPECT_EQ(table.rows[0].names, (std::vector<std::string>{"main", "main-visa"}));
    EXPECT_FALSE(table.rows[0].rule_above);
    EXPECT_TRUE(table.rows[1].rule_above);
    EXPECT_EQ(table.rows[1].kind, TableRowSpec::Kind::Tag);
    EXPECT_EQ(table.rows[2].place.line, 10);
    const auto& published = table.rows[2].values.at("mvtec");
    EXPECT_DOUBLE_EQ(published.at("image_auroc").mean, 93);
    EXPECT_DOUBLE_EQ(*published.at("image_auroc").std, 0.2);
    EXPECT_DOUBLE_EQ(published.at("image_auroc.fm").mean, 1);
    ASSERT_EQ(table.groups.size(), 3U);
    EXPECT_EQ(table.groups[0].columns[0].digits, 3);
    EXPECT_EQ(table.groups[0].columns[0].arrow, TableColumnSpec::Arrow::Up);
    EXPECT_EQ(table.groups[0].columns[1].arrow, TableColumnSpec::Arrow::Down);
    EXPECT_EQ(table.groups[0].columns[1].digits, 1);
    EXPECT_FALSE(table.groups[0].columns[1].spread);
    ASSERT_EQ(table.groups[2].columns.size(), 2U);  // neighbours without a group share one
    EXPECT_EQ(table.groups[2].columns[0].arrow, TableColumnSpec::Arrow::None);
    EXPECT_EQ(table.datasets.at("visa").size(), 2U);
    EXPECT_EQ(table.underline, Underline::Second);
    EXPECT_TRUE(table.rank_published);
}

TEST(TableReaderTest, OneLineOfYamlSaysTheSame) {
    std::vector<Problem> problems;
    const YamlNode root = parse_yaml(kFull, "t.yaml", problems);
    const std::string line = yaml_line(root);
    EXPECT_EQ(line.find('\n'), std::string::npos);
    const std::vector<TableSpec> again = parse_tables(line, "again");
    EXPECT_EQ(again[0].caption, "Two data sets, five seeds");
    EXPECT_EQ(again[0].rows[0].label, "MoLE & \"Flow\"");
    EXPECT_DOUBLE_EQ(again[0].rows[2].values.at("mvtec").at("image_auroc").mean, 93);
    EXPECT_EQ(yaml_line(parse_yaml(line, "again", problems)), line);
    EXPECT_TRUE(problems.empty());
}

const std::string kSweep =
    "name: s\ndata: {layout: mvtec, root: /data, classes: all}\nseeds: [0]\n"
    "space: [{tags: [core], cases: [{name: main, label: Ours}, {name: small, train.lr: 1e-3}]}]\n";

TEST(TableReaderTest, TablesOfASweepChangeNoCell) {
    FakeCatalog catalog;
    const Sweep plain = parse_sweep(kSweep, "s.yaml", "/", {}, catalog);
    const Sweep sweep =
        parse_sweep(kSweep +
                        "tables:\n- {name: t, rows: [{cell: Ours}, {tag: core}], columns: "
                        "[image_auroc]}\n",
                    "s.yaml",
                    "/",
                    {},
                    catalog);
    ASSERT_EQ(sweep.tables.size(), 1U);
    EXPECT_FALSE(sweep.tables_text.empty());
    ASSERT_EQ(sweep.cells.size(), plain.cells.size());
    EXPECT_EQ(sweep.cells[0].id, plain.cells[0].id);
}

TEST(TableReaderTest, TablesOfASweepKnowItsCellsTagsAndMetrics) {
    const auto problems =
        problems_of(kSweep +
                    "tables:\n- name: t\n  rows:\n  - {cell: mian}\n  - {tag: cor}\n"
                    "  columns: [image_auroc]\n");
    ASSERT_EQ(problems.size(), 2U);
    EXPECT_EQ(to_string(problems[0]),
              "s.yaml:8: tables.rows.cell: no cell is named 'mian'; did you mean main?");
    EXPECT_EQ(to_string(problems[1]),
              "s.yaml:9: tables.rows.tag: no cell has the tag 'cor'; did you mean core?");
    const auto metric =
        problems_of(kSweep + "tables:\n- {name: t, rows: [{cell: main}], columns: [pixel_app]}\n");
    ASSERT_EQ(metric.size(), 1U);
    EXPECT_EQ(metric[0].key, "tables.columns.metric");
    EXPECT_EQ(problems_of(kSweep + "tabels: []\n").at(0).message,
              "unknown key; did you mean tables?");
}

}  // namespace
}  // namespace harrow::sweeps
