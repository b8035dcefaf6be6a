#include <algorithm>
#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <vector>

#include <gtest/gtest.h>

#include "analysis/statistics/paired.hpp"
#include "analysis/statistics/sign_flip.hpp"
#include "analysis/statistics/signed_rank.hpp"
#include "analysis/statistics/t_tests.hpp"
#include "sweeps/random.hpp"
#include "tests/unit/analysis/oracle/oracle.hpp"

namespace harrow::analysis {
namespace {

using Values = std::vector<double>;

void expect_test(const TestResult& actual, const nlohmann::json& expected) {
    EXPECT_TRUE(close_to(actual.statistic, expected.at("statistic")));
    EXPECT_TRUE(close_to(actual.df, expected.at("df")));
    EXPECT_TRUE(close_to(actual.p, expected.at("p")));
}

TEST(PairedTestsTest, AgreeWithSciPy) {
    for (const auto& expected : oracle("paired")) {
        const Values x = numbers(expected.at("x")), y = numbers(expected.at("y"));
        SCOPED_TRACE(x.size());
        expect_test(paired_t(x, y), expected.at("paired_t"));
        expect_test(welch_t(x, y), expected.at("welch"));
        const SignedRankResult ranks = wilcoxon_signed_rank(x, y);
        const auto& wilcoxon = expected.at("wilcoxon");
        EXPECT_TRUE(close_to(ranks.w_plus, wilcoxon.at("w_plus")));
        EXPECT_TRUE(close_to(ranks.w_minus, wilcoxon.at("w_minus")));
        EXPECT_TRUE(close_to(ranks.rank_biserial.value, wilcoxon.at("rank_biserial")));
        EXPECT_TRUE(close_to(ranks.test.p, wilcoxon.at("p")));
        EXPECT_EQ(ranks.exact, x.size() <= 25);
        if (expected.contains("sign_flip")) {
            sweeps::RandomStream unused(1);
            const SignFlipResult flips = sign_flip_test(x, y, unused);
            EXPECT_TRUE(close_to(flips.test.statistic, expected.at("sign_flip").at("statistic")));
            EXPECT_TRUE(close_to(flips.test.p, expected.at("sign_flip").at("p")));
        }
    }
}

TEST(PairedTestsTest, RandomFlipsAgreeWithTheSameFlipsInPython) {
    const auto expected = oracle("random_sign_flip");
    sweeps::RandomStream random(expected.at("seed").get<std::uint64_t>());
    const SignFlipResult flips = sign_flip_test(
        numbers(expected.at("x")), numbers(expected.at("y")), random, expected.at("resamples"));
    EXPECT_FALSE(flips.exact);
    EXPECT_TRUE(close_to(flips.test.p, expected.at("p"), 1e-6));
}

TEST(PairedTestsTest, UnequalSamplesAgreeWithSciPy) {
    for (const auto& expected : oracle("unpaired")) {
        const TestResult result = welch_t(numbers(expected.at("x")), numbers(expected.at("y")));
        EXPECT_TRUE(close_to(result.statistic, expected.at("statistic")));
        EXPECT_TRUE(close_to(result.p, expected.at("p")));
    }
}

struct SlowP {
    double wilcoxon = 0, flips = 0;
};

// Every choice of signs, straight from the definitions; values are small integers over 8, so that
// all sums are exact and ties are common.
SlowP count_all_signs(const Values& differences) {
    const std::size_t n = differences.size();
    Values ranks(n);
    for (std::size_t i = 0; i < n; ++i) {
        for (const double other : differences) {
            const double gap = std::abs(differences[i]) - std::abs(other);
            ranks[i] += gap > 0 ? 1 : gap == 0 ? 0.5 : 0;
        }
        ranks[i] += 0.5;
    }
    const auto distances = [&](std::uint64_t negated) {
        double rank_sum = 0, sum = 0;  // of signed ranks: W+ - W-, in which zeros cancel
        for (std::size_t i = 0; i < n; ++i) {
            const double d = (negated >> i & 1U) != 0 ? -differences[i] : differences[i];
            rank_sum += d > 0 ? ranks[i] : d < 0 ? -ranks[i] : 0;
            sum += d;
        }
        return std::pair(std::abs(rank_sum), std::abs(sum));
    };
    const auto [rank_distance, distance] = distances(0);
    SlowP p;
    for (std::uint64_t signs = 0; signs < std::uint64_t{1} << n; ++signs) {
        const auto [other_rank_distance, other_distance] = distances(signs);
        p.wilcoxon += other_rank_distance >= rank_distance ? 1 : 0;
        p.flips += other_distance >= distance ? 1 : 0;
    }
    p.wilcoxon = std::ldexp(p.wilcoxon, -static_cast<int>(n));
    p.flips = std::ldexp(p.flips, -static_cast<int>(n));
    return p;
}

TEST(PairedTestsTest, ExactPCountsEverySignChoice) {
    sweeps::RandomStream random(3);
    for (int round = 0; round < 300; ++round) {
        const std::size_t n = 2 + random.below(10);
        Values x, y, differences;
        for (std::size_t i = 0; i < n; ++i) {
            x.push_back(static_cast<double>(random.below(9)) / 8);
            y.push_back(static_cast<double>(random.below(5)) / 8);
            differences.push_back(x.back() - y.back());
        }
        SCOPED_TRACE(testing::PrintToString(differences));
        const SlowP slow = count_all_signs(differences);
        EXPECT_TRUE(close_to(wilcoxon_signed_rank(x, y).test.p, slow.wilcoxon, 1e-14));
        EXPECT_TRUE(close_to(sign_flip_test(x, y, random).test.p, slow.flips, 1e-14));
    }
}

TEST(PairedTestsTest, ThirtyPairsAreStillExact) {
    Values x(30, 1.0), y(30, 0.5);
    sweeps::RandomStream random(1);
    const SignFlipResult flips = sign_flip_test(x, y, random);
    EXPECT_TRUE(flips.exact);
    EXPECT_EQ(flips.test.p, std::ldexp(1.0, -29));
}

TEST(PairedTestsTest, FiveSeedsCannotReachFivePercent) {
    const Values x{98.1, 98.2, 98.3, 98.5, 98.4}, y{97.1, 97.3, 97.5, 97.4, 97.2};
    const SignedRankResult ranks = wilcoxon_signed_rank(x, y);
    EXPECT_EQ(ranks.test.p, 0.0625);
    EXPECT_EQ(ranks.test.note, "n = 5: the smallest possible p is 0.0625, above 0.05");
    sweeps::RandomStream random(1);
    const SignFlipResult flips = sign_flip_test(x, y, random);
    EXPECT_EQ(flips.test.p, 0.0625);
    EXPECT_EQ(flips.test.note, ranks.test.note);
    EXPECT_TRUE(wilcoxon_signed_rank(x, y, 0.1).test.note.empty());
}

TEST(PairedTestsTest, ZerosMakeTheSmallestPLarger) {
    const Values x{1, 2, 3, 4, 5, 6}, y{1, 2, 0, 0, 0, 0};
    const SignedRankResult ranks = wilcoxon_signed_rank(x, y);
    EXPECT_EQ(ranks.test.p, 0.125);  // four signs are left to flip
    EXPECT_EQ(ranks.smallest_p, 0.125);
    EXPECT_FALSE(ranks.test.note.empty());
}

TEST(PairedTestsTest, DecimalsTieAsTheyRead) {
    // 0.3 - 0.2 and 0.2 - 0.1 differ by 3e-17; as numbers on paper they do not.
    const Values x{0.3, 0.1, 0.9}, y{0.2, 0.2, 0.5};
    EXPECT_EQ(wilcoxon_signed_rank(x, y).w_plus, 1.5 + 3);
    EXPECT_TRUE(paired_differences({0.3, 0.2}, {0.2, 0.1}).constant);
    EXPECT_EQ(paired_differences({0.1 + 0.2}, {0.3}).values, Values{0});
}

TEST(PairedTestsTest, ConstantDifferencesHaveANamedP) {
    sweeps::RandomStream random(1);
    for (const std::size_t n : {2U, 5U, 31U}) {
        const Values same(n, 0.98), lower(n, 0.97);
        for (const TestResult& zero : {paired_t(same, same),
                                       welch_t(same, same),
                                       wilcoxon_signed_rank(same, same).test,
                                       sign_flip_test(same, same, random).test}) {
            EXPECT_EQ(zero.p, 1.0);
            EXPECT_FALSE(zero.note.empty());
        }
        for (const TestResult& shifted : {paired_t(same, lower), welch_t(same, lower)}) {
            EXPECT_EQ(shifted.p, 0.0);
            EXPECT_FALSE(shifted.statistic);
            EXPECT_FALSE(shifted.note.empty());
        }
        if (n <= 25) {
            EXPECT_EQ(wilcoxon_signed_rank(same, lower).test.p,
                      std::ldexp(2.0, -static_cast<int>(n)));
        }
    }
}

TEST(PairedTestsTest, TooFewPairsHaveAReasonInsteadOfAP) {
    sweeps::RandomStream random(1);
    for (const Values& few : {Values{}, Values{0.5}}) {
        for (const TestResult& result : {paired_t(few, few),
                                         welch_t(few, {0.1, 0.2}),
                                         wilcoxon_signed_rank(few, few).test,
                                         sign_flip_test(few, few, random).test}) {
            EXPECT_FALSE(result.p);
            EXPECT_FALSE(result.note.empty());
        }
    }
    EXPECT_THROW(paired_t({1, 2}, {1}), std::invalid_argument);
    EXPECT_THROW(wilcoxon_signed_rank({1, NAN}, {1, 2}), std::invalid_argument);
}

}  // namespace
}  // namespace harrow::analysis
