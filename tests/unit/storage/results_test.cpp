#include "storage/results.hpp"

#include <algorithm>
#include <limits>

#include <gtest/gtest.h>

#include "sweeps/error.hpp"
#include "tests/support/temporary_directory.hpp"

namespace harrow::storage {
namespace {

using sweeps::UsageError;
using namespace testing;

ResultRow row(const std::string& cell_name,
              std::uint64_t seed,
              int after_task,
              const std::string& class_name,
              double value) {
    return {"c.s" + std::to_string(seed),
            "c",
            cell_name,
            seed,
            after_task,
            class_name,
            "routed",
            "image_auroc",
            value};
}

TEST(ResultsTest, ColumnsAreThoseOfTheFormat) {
    EXPECT_EQ(results_to_csv({}),
              "trial,cell,cell_name,seed,after_task,class,routing,metric,value\n");
}

TEST(ResultsTest, RowsAreSortedByMeaningWhateverTheirOrder) {
    std::vector<ResultRow> rows = {row("a", 2, 0, "x", 0.5),
                                   row("a", 10, 0, "x", 0.5),
                                   row("a", 10, 2, "x", 0.5),
                                   row("a", 10, 10, "x", 0.5),
                                   row("b", 0, 0, "x", 0.5)};
    const std::string sorted = results_to_csv(rows);
    EXPECT_LT(sorted.find("c.s2,"), sorted.find("c.s10,"));
    EXPECT_LT(sorted.find(",10,2,"), sorted.find(",10,10,"));
    std::reverse(rows.begin(), rows.end());
    EXPECT_EQ(results_to_csv(rows), sorted);
}

TEST(ResultsTest, ValuesAreShortAndReadBackExactly) {
    const std::vector<double> values = {
        0.1, 1.0, 0.1 + 0.2, 1.0 / 3.0, -0.25, 5e-324, std::numeric_limits<double>::max()};
    EXPECT_EQ(shortest_text(0.1), "0.1");
    EXPECT_EQ(shortest_text(1.0), "1");
    for (const double value : values) {
        const std::string text = results_to_csv({row("a", 1, 0, "x", value)});
        EXPECT_EQ(parse_results_csv(text, "results.csv").at(0).value, value);
    }
}

TEST(ResultsTest, NamesWithCommasQuotesAndLineBreaksRoundTrip) {
    for (const std::string& name : {std::string("tail_weight=0.55,top_k=5"),
                                    std::string("the \"best\""),
                                    std::string("two\nlines"),
                                    std::string("\""),
                                    std::string(",\r\n"),
                                    std::string(""),
                                    std::string(" w/o DIA ± ")}) {
        const std::string text = results_to_csv({row(name, 7, 3, name, 0.5)});
        const std::vector<ResultRow> rows = parse_results_csv(text, "results.csv");
        ASSERT_EQ(rows.size(), 1U) << name;
        EXPECT_EQ(rows[0].cell_name, name);
        EXPECT_EQ(rows[0].class_name, name);
        EXPECT_EQ(rows[0].after_task, 3);
    }
    EXPECT_EQ(csv_field("a,\"b\""), "\"a,\"\"b\"\"\"");
}

TEST(ResultsTest, BadFilesNameFileAndLine) {
    const std::string header = results_to_csv({});
    const auto problem = [](const std::string& text) {
        return message_of<UsageError>([&text] { parse_results_csv(text, "x.csv"); });
    };
    EXPECT_TRUE(contains(problem(""), "x.csv:1"));
    EXPECT_TRUE(contains(problem("trial,cell\n"), "x.csv:1"));
    EXPECT_TRUE(contains(problem(header + "a,b,c\n"), "x.csv:2"));
    EXPECT_TRUE(contains(problem(header + "t,c,n,0,0,x,routed,m,high\n"), "x.csv:2: value"));
    EXPECT_TRUE(contains(problem(header + "t,c,n,-1,0,x,routed,m,1\n"), "x.csv:2: seed"));
    EXPECT_TRUE(contains(problem(header + "\"t\nu\",c,n,0,0,x,routed,m,1\n\"open,"), "x.csv:4"));
    EXPECT_TRUE(contains(problem(header + "\"t\"u,c,n,0,0,x,routed,m,1\n"), "x.csv:2"));
}

TEST(ResultsTest, ReadsFilesWithCarriageReturnsAndWithoutALastNewline) {
    std::string text = results_to_csv({row("a", 1, 0, "x", 0.5)});
    text.pop_back();
    text.insert(text.find('\n'), "\r");
    EXPECT_EQ(parse_results_csv(text, "x.csv").size(), 1U);
}

TEST(ResultsTest, CellsListTheirNamesAndSweptParameters) {
    const std::string text = cells_to_csv(
        {"train.lr", "score.top_k"},
        {{"aa", "lr=1,top_k=3", {"lr=1,top_k=3", "main"}, {"t1", "t2"}, {0, 42}, {"1", "3"}}});
    EXPECT_EQ(text,
              "cell,cell_name,names,tags,seeds,train.lr,score.top_k\n"
              "aa,\"lr=1,top_k=3\",\"lr=1,top_k=3;main\",t1;t2,0;42,1,3\n");
}

}  // namespace
}  // namespace harrow::storage
