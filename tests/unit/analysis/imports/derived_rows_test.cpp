#include "analysis/imports/derived_rows.hpp"

#include <map>

#include <gtest/gtest.h>

namespace harrow::analysis {
namespace {

using sweeps::MetricRow;

/// "stage class metric" -> value.
std::map<std::string, double> derived(const std::vector<MetricRow>& rows,
                                      const std::vector<std::string>& classes) {
    std::map<std::string, double> values;
    for (const MetricRow& row : derived_rows(rows, classes)) {
        values[std::to_string(row.after_task) + " " + row.class_name + " " + row.metric] =
            row.value;
    }
    return values;
}

using Values = std::map<std::string, double>;

TEST(DerivedRowsTest, TheMeanWantsEveryClass) {
    const MetricRow a{0, "a", "routed", "ap", 0.25}, b{0, "b", "routed", "ap", 0.75};
    EXPECT_EQ(derived({a, b}, {"a", "b"}), (Values{{"0 mean ap", 0.5}}));
    EXPECT_EQ(derived({a}, {"a", "b"}), Values());
    EXPECT_EQ(derived({a, b, {0, "mean", "routed", "ap", 0.6}}, {"a", "b"}), Values());
    EXPECT_EQ(derived({{0, "mean", "routed", "ap", 0.6}}, {}), Values());
}

// The golden matrix of the reference: R = [[.9], [.8, .95], [.7, .9, .85]].
TEST(DerivedRowsTest, ASequenceHasContinualMetrics) {
    const std::vector<MetricRow> rows = {{0, "a", "routed", "ap", 0.9},
                                         {1, "a", "routed", "ap", 0.8},
                                         {1, "b", "routed", "ap", 0.95},
                                         {2, "a", "routed", "ap", 0.7},
                                         {2, "b", "routed", "ap", 0.9},
                                         {2, "c", "routed", "ap", 0.85}};
    const Values values = derived(rows, {"a", "b", "c"});
    EXPECT_NEAR(values.at("2 mean ap.acc"), 0.81667, 1e-5);
    EXPECT_NEAR(values.at("2 mean ap.aia"), 0.86389, 1e-5);
    EXPECT_NEAR(values.at("2 mean ap.la"), 0.9, 1e-12);
    EXPECT_NEAR(values.at("2 mean ap.bwt"), -0.125, 1e-12);
    EXPECT_NEAR(values.at("2 mean ap.fm"), 0.125, 1e-12);
    EXPECT_NEAR(values.at("1 mean ap"), 0.875, 1e-12);

    std::vector<MetricRow> gap = rows;
    gap.erase(gap.begin() + 3);  // class a is not measured after the last task
    EXPECT_EQ(derived(gap, {"a", "b", "c"}), (Values{{"0 mean ap", 0.9}, {"1 mean ap", 0.875}}));
    std::vector<MetricRow> late(rows.begin() + 3, rows.end());  // the end alone
    EXPECT_EQ(derived(late, {"a", "b", "c"}).size(), 1U);
}

TEST(DerivedRowsTest, WhatIsGivenStays) {
    const std::vector<MetricRow> rows = {{0, "a", "routed", "ap", 0.9},
                                         {1, "a", "routed", "ap", 0.8},
                                         {1, "b", "routed", "ap", 0.95},
                                         {1, "mean", "routed", "ap.fm", 0.3}};
    const Values values = derived(rows, {"a", "b"});
    EXPECT_EQ(values.count("1 mean ap.fm"), 0U);
    EXPECT_EQ(values.count("1 mean ap.bwt"), 1U);
}

TEST(DerivedRowsTest, ForgettingNeedsAMetricThatIsBetterWhenHigher) {
    for (const char* metric : {"loss", "seconds"}) {
        const Values values = derived({{0, "a", "routed", metric, 0.99},
                                       {1, "a", "routed", metric, 1.4},
                                       {1, "b", "routed", metric, 1.0}},
                                      {"a", "b"});
        EXPECT_EQ(values.count(std::string("1 mean ") + metric), 1U);
        EXPECT_EQ(values.size(), 2U) << metric << ": means alone";
    }
}

}  // namespace
}  // namespace harrow::analysis
