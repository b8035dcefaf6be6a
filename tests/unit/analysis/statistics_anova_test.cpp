#include <algorithm>
#include <cmath>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "analysis/statistics/anova.hpp"
#include "sweeps/random.hpp"
#include "tests/unit/analysis/oracle/oracle.hpp"

namespace harrow::analysis {
namespace {

const AnovaTerm& term_named(const Anova& result, const std::string& name) {
    const auto found = std::find_if(result.terms.begin(),
                                    result.terms.end(),
                                    [&](const AnovaTerm& term) { return term.name == name; });
    if (found == result.terms.end()) {
        throw std::runtime_error("no term " + name);
    }
    return *found;
}

TEST(AnovaTest, AgreesWithStatsmodels) {
    for (const auto& expected : oracle("anova")) {
        std::vector<AnovaFactor> factors;
        for (const auto& [name, levels] : expected.at("factors").items()) {
            const auto& blocks = expected.at("blocks");
            const bool block = std::find(blocks.begin(), blocks.end(), name) != blocks.end();
            factors.push_back({name, levels.get<std::vector<std::string>>(), block});
        }
        const Anova result = anova(numbers(expected.at("y")), factors, expected.at("max_order"));
        ASSERT_EQ(result.terms.size(), expected.at("terms").size());
        EXPECT_EQ(result.residual_df, expected.at("residual_df").get<std::size_t>());
        EXPECT_TRUE(close_to(result.residual_squares, expected.at("residual_squares")));
        EXPECT_TRUE(close_to(result.total_squares, expected.at("total_squares")));
        for (const auto& [name, values] : expected.at("terms").items()) {
            SCOPED_TRACE(name);
            const AnovaTerm& term = term_named(result, name);
            EXPECT_EQ(term.df, values.at("df").get<std::size_t>());
            EXPECT_TRUE(close_to(term.sum_squares, values.at("sum_squares")));
            EXPECT_TRUE(close_to(term.f, values.at("f")));
            EXPECT_TRUE(close_to(term.p, values.at("p")));
            EXPECT_TRUE(close_to(term.partial_eta2.value, values.at("partial_eta2")));
            EXPECT_TRUE(close_to(term.omega2.value, values.at("omega2")));
        }
    }
}

using Rows = std::vector<std::vector<double>>;

// Residual sum of squares of a least-squares fit: Gaussian elimination of the normal equations,
// columns without a pivot left out.
double residual_squares(const Rows& design, const std::vector<double>& y) {
    const std::size_t columns = design.front().size();
    Rows normal(columns, std::vector<double>(columns + 1));
    double squares = 0;
    for (std::size_t r = 0; r < design.size(); ++r) {
        squares += y[r] * y[r];
        for (std::size_t i = 0; i < columns; ++i) {
            for (std::size_t j = 0; j < columns; ++j) {
                normal[i][j] += design[r][i] * design[r][j];
            }
            normal[i][columns] += design[r][i] * y[r];
        }
    }
    for (std::size_t i = 0; i < columns; ++i) {
        if (normal[i][i] < 1e-9) {
            continue;
        }
        squares -= normal[i][columns] * normal[i][columns] / normal[i][i];
        for (std::size_t k = i + 1; k < columns; ++k) {
            const double factor = normal[k][i] / normal[i][i];
            for (std::size_t j = i; j <= columns; ++j) {
                normal[k][j] -= factor * normal[i][j];
            }
        }
    }
    return squares;
}

// Indicators of every level and every combination, as far as `main` and `both` ask.
Rows indicators(const std::vector<std::size_t>& a,
                const std::vector<std::size_t>& b,
                bool with_a,
                bool with_b,
                bool with_both) {
    Rows rows;
    for (std::size_t r = 0; r < a.size(); ++r) {
        std::vector<double> row{1};
        for (std::size_t level = 0; level < 4; ++level) {
            row.push_back(with_a && a[r] == level ? 1 : 0);
            row.push_back(with_b && b[r] == level ? 1 : 0);
            for (std::size_t other = 0; other < 4; ++other) {
                row.push_back(with_both && a[r] == level && b[r] == other ? 1 : 0);
            }
        }
        rows.push_back(row);
    }
    return rows;
}

TEST(AnovaTest, TypeTwoSquaresAreDifferencesOfFits) {
    sweeps::RandomStream random(8);
    for (int round = 0; round < 60; ++round) {
        std::vector<std::size_t> a, b;
        std::vector<double> y;
        AnovaFactor first{"a", {}}, second{"b", {}};
        for (std::size_t i = 0, n = 12 + random.below(20); i < n; ++i) {
            a.push_back(random.below(4));
            b.push_back(random.below(3));  // some of the 12 combinations are missing
            first.levels.push_back(std::to_string(a.back()));
            second.levels.push_back(std::to_string(b.back()));
            y.push_back(random.normal() + static_cast<double>(a.back() * b.back()));
        }
        const Anova result = anova(y, {first, second});
        const double both = residual_squares(indicators(a, b, true, true, false), y);
        const double full = residual_squares(indicators(a, b, true, true, true), y);
        const double only_b = residual_squares(indicators(a, b, false, true, false), y);
        EXPECT_NEAR(term_named(result, "a").sum_squares, only_b - both, 1e-8);
        EXPECT_NEAR(term_named(result, "a:b").sum_squares, both - full, 1e-8);
        EXPECT_NEAR(result.residual_squares, full, 1e-8);
    }
}

std::vector<std::string> repeat(const std::vector<std::string>& levels,
                                std::size_t each,
                                std::size_t times) {
    std::vector<std::string> result;
    for (std::size_t t = 0; t < times; ++t) {
        for (const std::string& level : levels) {
            result.insert(result.end(), each, level);
        }
    }
    return result;
}

TEST(AnovaTest, MissingCombinationsAreSaid) {
    // a=2 occurs with b=x only: a difference of differences less.
    const std::vector<double> y{1, 2, 3, 4, 5, 6, 7, 9, 8, 2};
    const AnovaFactor a{"a", {"1", "1", "1", "1", "2", "2", "3", "3", "3", "3"}};
    const AnovaFactor b{"b", {"x", "y", "x", "y", "x", "x", "x", "y", "x", "y"}};
    const AnovaTerm both = term_named(anova(y, {a, b}), "a:b");
    EXPECT_EQ(both.df, 1U);
    EXPECT_EQ(both.note, "combinations are missing: 1 of 2 degrees of freedom");
    // The same information twice.
    const AnovaFactor twin{"twin", a.levels};
    const Anova aliased = anova(y, {a, twin}, 1);
    EXPECT_EQ(aliased.terms.at(0).df, 0U);
    EXPECT_FALSE(aliased.terms.at(0).p || aliased.terms.at(0).partial_eta2.value);
    EXPECT_FALSE(aliased.terms.at(0).note.empty());
}

TEST(AnovaTest, WithoutReplicatesThereIsNoError) {
    const AnovaFactor a{"a", repeat({"1", "2"}, 2, 1)}, b{"b", repeat({"x", "y"}, 1, 2)};
    const Anova result = anova({1, 2, 3, 5}, {a, b});
    EXPECT_EQ(result.residual_df, 0U);
    EXPECT_FALSE(result.note.empty());
    for (const AnovaTerm& term : result.terms) {
        EXPECT_FALSE(term.p || term.f || term.omega2.value || term.partial_eta2.value);
        EXPECT_FALSE(term.omega2.note.empty());
    }
}

TEST(AnovaTest, ExactAndConstantValuesGiveNumbersWithANote) {
    const AnovaFactor a{"a", repeat({"1", "2"}, 4, 1)}, b{"b", repeat({"x", "y"}, 2, 2)};
    const std::vector<double> exact{0.1, 0.1, 0.1, 0.1, 0.3, 0.3, 0.3, 0.3};
    const Anova result = anova(exact, {a, b});
    EXPECT_EQ(term_named(result, "a").p, 0.0);
    EXPECT_EQ(term_named(result, "a").partial_eta2.value, 1.0);
    EXPECT_EQ(term_named(result, "b").p, 1.0);
    EXPECT_FALSE(term_named(result, "b").partial_eta2.value);
    const Anova constant = anova(std::vector<double>(8, 0.7), {a, b});
    for (const AnovaTerm& term : constant.terms) {
        EXPECT_EQ(term.p, 1.0);
        EXPECT_FALSE(term.f || term.omega2.value || term.note.empty());
    }
}

TEST(AnovaTest, DegenerateInputIsNamed) {
    EXPECT_FALSE(anova({}, {}).note.empty());
    EXPECT_FALSE(anova({1}, {{"a", {"x"}}}).note.empty());
    EXPECT_FALSE(anova({1, 2}, {{"a", {"x", "x"}}}).note.empty());
    EXPECT_THROW(anova({1, 2}, {{"a", {"x"}}}), std::invalid_argument);
    EXPECT_THROW(anova({1, 2}, {{"a", {"x", "y"}}}, 0), std::invalid_argument);
    EXPECT_THROW(anova({1, NAN}, {{"a", {"x", "y"}}}), std::invalid_argument);
}

TEST(AnovaTest, BlocksHaveNoInteractions) {
    const AnovaFactor a{"a", repeat({"1", "2"}, 1, 6)},
        c{"class", repeat({"u", "v", "w"}, 4, 1), true};
    const Anova result = anova({1, 2, 3, 4, 2, 4, 3, 6, 1, 5, 2, 7}, {c, a}, 3);
    ASSERT_EQ(result.terms.size(), 2U);
    EXPECT_EQ(result.residual_df, 8U);
}

}  // namespace
}  // namespace harrow::analysis
