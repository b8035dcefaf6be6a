#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>
#include <vector>

#include <gtest/gtest.h>

#include "analysis/statistics/friedman.hpp"
#include "analysis/statistics/studentized_range.hpp"
#include "sweeps/random.hpp"
#include "tests/unit/analysis/oracle/oracle.hpp"

namespace harrow::analysis {
namespace {

TEST(FriedmanTest, AgreesWithSciPy) {
    for (const auto& expected : oracle("friedman")) {
        const auto values = expected.at("values").get<std::vector<std::vector<double>>>();
        SCOPED_TRACE(values.size());
        const FriedmanResult result = friedman_test(values);
        const auto mean_ranks = numbers(expected.at("mean_ranks"));
        ASSERT_EQ(result.mean_ranks.size(), mean_ranks.size());
        for (std::size_t cell = 0; cell < mean_ranks.size(); ++cell) {
            EXPECT_TRUE(close_to(result.mean_ranks[cell], mean_ranks[cell]));
        }
        EXPECT_TRUE(close_to(result.chi_square, expected.at("chi_square")));
        EXPECT_TRUE(close_to(result.p_chi_square, expected.at("p_chi_square")));
        EXPECT_TRUE(close_to(result.f.statistic, expected.at("f")));
        EXPECT_TRUE(close_to(result.f.p, expected.at("p")));
    }
}

TEST(FriedmanTest, GoalTurnsTheRanks) {
    const std::vector<std::vector<double>> values{{1, 3, 2}, {1, 2, 2}};
    EXPECT_EQ(friedman_test(values).mean_ranks, (std::vector<double>{3, 1.25, 1.75}));
    EXPECT_EQ(friedman_test(values, false).mean_ranks, (std::vector<double>{1, 2.75, 2.25}));
}

TEST(FriedmanTest, AllBlocksAlikeGiveTheExactP) {
    const FriedmanResult three = friedman_test({{1, 2, 3}, {4, 5, 6}, {1, 5, 9}});
    EXPECT_TRUE(close_to(three.f.p, 1.0 / 36, 1e-12));  // the first ranking, twice more out of 3!
    EXPECT_FALSE(three.f.statistic);
    EXPECT_FALSE(three.f.note.empty());
    EXPECT_TRUE(close_to(three.chi_square, 6.0));
    const FriedmanResult tied = friedman_test({{1, 2, 2}, {4, 5, 5}});
    EXPECT_TRUE(close_to(tied.f.p, 1.0 / 3, 1e-12));
}

TEST(FriedmanTest, DegenerateInputIsNamed) {
    for (const auto& few :
         {std::vector<std::vector<double>>{}, {{}}, {{1, 2, 3}}, {{1}, {2}, {3}}}) {
        const FriedmanResult result = friedman_test(few);
        EXPECT_FALSE(result.f.p || result.f.note.empty());
    }
    const FriedmanResult equal = friedman_test({{1, 1, 1}, {2, 2, 2}});
    EXPECT_EQ(equal.f.p, 1.0);
    EXPECT_FALSE(equal.f.note.empty());
    EXPECT_EQ(equal.mean_ranks, (std::vector<double>{2, 2, 2}));
    EXPECT_THROW(friedman_test({{1, 2}, {1}}), std::invalid_argument);
    EXPECT_FALSE(nemenyi_critical_difference(1, 5).value);
    EXPECT_FALSE(nemenyi_p(1.0, 3, 0).value);
}

TEST(StudentizedRangeTest, AgreesWithSciPy) {
    const auto expected = oracle("studentized_range");
    for (const auto& point : expected.at("tail")) {
        SCOPED_TRACE(point.dump());
        EXPECT_TRUE(
            close_to(studentized_range_tail(point.at("q"), point.at("groups")), point.at("p")));
    }
    for (const auto& point : expected.at("quantile")) {
        SCOPED_TRACE(point.dump());
        EXPECT_TRUE(close_to(studentized_range_quantile(point.at("alpha"), point.at("groups")),
                             point.at("q")));
    }
}

TEST(StudentizedRangeTest, TwoGroupsAreANormalDifference) {
    for (const double q : {0.01, 1.0, 3.0, 8.0, 20.0}) {  // P(|N(0, 2)| > q) = erfc(q / 2)
        EXPECT_TRUE(close_to(studentized_range_tail(q, 2), std::erfc(q / 2), 1e-12));
    }
    EXPECT_EQ(studentized_range_tail(0, 5), 1.0);
    EXPECT_THROW(studentized_range_tail(1, 1), std::invalid_argument);
    EXPECT_THROW(studentized_range_quantile(0, 3), std::invalid_argument);
}

TEST(NemenyiTest, AgreesWithDemsarsTable) {
    // Critical values q / sqrt 2 of Demsar (2006), table 5, at 0.05 for k = 2 … 10.
    const std::vector<double> table{1.960, 2.343, 2.569, 2.728, 2.850, 2.949, 3.031, 3.102, 3.164};
    for (std::size_t i = 0; i < table.size(); ++i) {
        EXPECT_NEAR(studentized_range_quantile(0.05, i + 2) / std::sqrt(2.0), table[i], 1e-3);
    }
    EXPECT_NEAR(nemenyi_critical_difference(5, 15).value.value(), 1.575, 0.001);
    EXPECT_NEAR(nemenyi_critical_difference(10, 27).value.value(), 2.61, 0.005);
    const double difference = nemenyi_critical_difference(4, 12, 0.1).value.value();
    EXPECT_TRUE(close_to(nemenyi_p(difference, 4, 12).value, 0.1));
}

}  // namespace
}  // namespace harrow::analysis
