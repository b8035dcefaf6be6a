#include <cmath>
#include <functional>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "analysis/statistics/anova.hpp"
#include "analysis/statistics/bayesian_signed_rank.hpp"
#include "analysis/statistics/bootstrap.hpp"
#include "analysis/statistics/effect_size.hpp"
#include "analysis/statistics/friedman.hpp"
#include "analysis/statistics/interaction.hpp"
#include "analysis/statistics/sign_flip.hpp"
#include "analysis/statistics/signed_rank.hpp"
#include "analysis/statistics/t_tests.hpp"
#include "sweeps/random.hpp"

// Samples that break formulas: empty, tiny, constant, equal but for rounding, far apart. Whatever
// they are, a result is a finite number or absent with a reason; too large values are refused.

namespace harrow::analysis {
namespace {

using Values = std::vector<double>;

void expect_number(const std::optional<double>& value, const std::string& note, const char* what) {
    EXPECT_TRUE(value ? std::isfinite(*value) : !note.empty()) << what << ": " << note;
}

void expect_finite(const TestResult& result, const char* what, bool testable) {
    for (const auto& value : {result.statistic, result.df}) {
        EXPECT_TRUE(!value || std::isfinite(*value)) << what;
    }
    expect_number(result.p, result.note, what);
    EXPECT_TRUE(!testable || result.p) << what << " has no p: " << result.note;
    EXPECT_TRUE(!result.p || (*result.p >= 0 && *result.p <= 1)) << what << " p " << *result.p;
    EXPECT_TRUE(!result.p || result.statistic || !result.note.empty()) << what;
}

void check_pairs(const Values& x, const Values& y, sweeps::RandomStream& random) {
    const bool testable = x.size() >= 2;
    expect_finite(paired_t(x, y), "paired_t", testable);
    expect_finite(welch_t(x, y), "welch_t", testable);
    const SignedRankResult ranks = wilcoxon_signed_rank(x, y);
    expect_finite(ranks.test, "wilcoxon", testable);
    expect_number(ranks.rank_biserial.value, ranks.rank_biserial.note, "rank_biserial");
    expect_finite(sign_flip_test(x, y, random, 50).test, "sign_flip", testable);
    for (const auto& effect : {cohens_d, cohens_dz, cliffs_delta, probability_of_improvement}) {
        const Estimate estimate = effect(x, y);
        expect_number(estimate.value, estimate.note, "effect");
    }
    const BayesianSignedRank bayes = bayesian_signed_rank(x, y, 0.01, random, 20);
    EXPECT_NEAR(bayes.p_left + bayes.p_rope + bayes.p_right, 1, 1e-12);
}

void check_groups(const Values& x, const Values& y, sweeps::RandomStream& random) {
    std::vector<Values> blocks;
    Values all;
    AnovaFactor cell{"cell", {}}, seed{"seed", {}};
    std::vector<TwoWayValues> seeds;
    for (std::size_t i = 0; i < x.size(); ++i) {
        blocks.push_back({x[i], y[i], x[0]});
        seeds.push_back({x[i], y[i], y[0], x[0]});
        for (const double value : {x[i], y[i]}) {
            cell.levels.emplace_back(all.size() % 2 == 0 ? "x" : "y");
            seed.levels.push_back(std::to_string(i / 2));
            all.push_back(value);
        }
    }
    expect_finite(friedman_test(blocks).f, "friedman", x.size() >= 2);
    for (const std::size_t order : {1U, 2U}) {
        for (const AnovaTerm& term : anova(all, {cell, seed}, order).terms) {
            expect_number(term.partial_eta2.value, term.partial_eta2.note, "partial_eta2");
            expect_number(term.omega2.value, term.omega2.note, "omega2");
            EXPECT_TRUE(!term.p || std::isfinite(*term.p)) << term.name;
        }
    }
    if (const auto effect = two_way_effect(seeds)) {
        expect_finite(effect->test, "two_way_effect", x.size() >= 2);
        expect_number(effect->amplification.value, effect->amplification.note, "amplification");
    }
    const auto mean = [](const Strata& s) { return sample_statistics(pooled(s)).mean.value(); };
    const BootstrapInterval interval = bootstrap_interval({x, y}, mean, random, {30});
    EXPECT_TRUE(interval.interval ? std::isfinite(interval.interval->low) &&
                                        std::isfinite(interval.interval->high)
                                  : !interval.note.empty());
}

TEST(FiniteStatisticsTest, NothingIsEverNaN) {
    const double tiny = std::numeric_limits<double>::denorm_min();
    const std::vector<Values> palettes{{0, 1},
                                       {0.5},
                                       {0.3 - 0.2, 0.1, 0.2 - 0.1, 0.1 + 0.2, 0.3},
                                       {0.98, 0.97, 0.99, 1, 0},
                                       {1e-200, 2e-200, -1e-200, 0},
                                       {tiny, 0, -tiny},
                                       {1e150, -1e150, 1e160, 0},
                                       {1e-300, 1, 1e15}};
    sweeps::RandomStream random(12);
    for (int round = 0; round < 3000; ++round) {
        const Values& palette = palettes[random.below(palettes.size())];
        const std::size_t n = random.below(10) == 0 ? 26 + random.below(8) : random.below(7);
        Values x, y;
        for (std::size_t i = 0; i < n; ++i) {
            x.push_back(palette[random.below(palette.size())]);
            y.push_back(palette[random.below(palette.size())]);
        }
        SCOPED_TRACE(testing::PrintToString(x) + " " + testing::PrintToString(y));
        try {
            check_pairs(x, y, random);
            check_groups(x, y, random);
        } catch (const std::invalid_argument& refused) {
            EXPECT_GT(palette.front(), 1e100) << refused.what();
        }
        if (HasFailure()) {
            break;
        }
    }
}

}  // namespace
}  // namespace harrow::analysis
