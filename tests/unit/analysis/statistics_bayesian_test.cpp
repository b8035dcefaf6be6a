#include <cstdint>
#include <stdexcept>
#include <vector>

#include <gtest/gtest.h>

#include "analysis/statistics/bayesian_signed_rank.hpp"
#include "tests/unit/analysis/oracle/oracle.hpp"

namespace harrow::analysis {
namespace {

TEST(BayesianSignedRankTest, AgreesWithTheDefinitionInNumPyOnTheSameDraws) {
    for (const auto& expected : oracle("bayes")) {
        sweeps::RandomStream random(expected.at("seed").get<std::uint64_t>());
        const BayesianSignedRank result = bayesian_signed_rank(numbers(expected.at("x")),
                                                               numbers(expected.at("y")),
                                                               expected.at("rope"),
                                                               random,
                                                               expected.at("samples"));
        EXPECT_TRUE(close_to(result.p_left, expected.at("p").at(0), 1e-6));
        EXPECT_TRUE(close_to(result.p_rope, expected.at("p").at(1), 1e-6));
        EXPECT_TRUE(close_to(result.p_right, expected.at("p").at(2), 1e-6));
    }
}

TEST(BayesianSignedRankTest, SwappingTheSamplesSwapsTheSides) {
    const std::vector<double> x{0.9, 0.92, 0.95, 0.91}, y{0.89, 0.93, 0.9, 0.9};
    sweeps::RandomStream random(4), again(4);
    const BayesianSignedRank there = bayesian_signed_rank(x, y, 0.002, random, 3000);
    const BayesianSignedRank back = bayesian_signed_rank(y, x, 0.002, again, 3000);
    EXPECT_EQ(there.p_left, back.p_right);
    EXPECT_EQ(there.p_rope, back.p_rope);
    EXPECT_GT(there.p_right, there.p_left);
}

TEST(BayesianSignedRankTest, EqualSamplesAreInTheRope) {
    sweeps::RandomStream random(4);
    for (const double rope : {0.0, 0.01}) {
        const std::vector<double> x{0.5, 0.6, 0.7};
        EXPECT_EQ(bayesian_signed_rank(x, x, rope, random, 100).p_rope, 1.0);
    }
    // A difference of just the rope is not beyond it, though 0.3 - 0.2 < 0.1 < 0.4 - 0.3.
    EXPECT_EQ(bayesian_signed_rank({0.4, 0.3}, {0.3, 0.2}, 0.1, random, 100).p_rope, 1.0);
}

TEST(BayesianSignedRankTest, NothingHasOnlyThePrior) {
    sweeps::RandomStream random(4);
    const BayesianSignedRank none = bayesian_signed_rank({}, {}, 0.01, random);
    EXPECT_EQ(none.p_rope, 1.0);
    EXPECT_FALSE(none.note.empty());
    EXPECT_THROW(bayesian_signed_rank({1}, {1}, -1, random), std::invalid_argument);
    EXPECT_THROW(bayesian_signed_rank({1}, {1, 2}, 0, random), std::invalid_argument);
}

}  // namespace
}  // namespace harrow::analysis
