#include "analysis/comparison/pair_tests.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <utility>

#include <boost/math/distributions/students_t.hpp>

#include "analysis/statistics/effect_size.hpp"
#include "analysis/statistics/paired.hpp"
#include "analysis/statistics/sign_flip.hpp"
#include "analysis/statistics/signed_rank.hpp"
#include "analysis/statistics/t_tests.hpp"
#include "sweeps/metric_kind.hpp"
#include "sweeps/random.hpp"

namespace harrow::analysis {
namespace {

using Values = std::vector<double>;

void add_note(PairOutcome& outcome, const std::string& note) {
    if (!note.empty()) {
        outcome.notes.push_back(note);
    }
}

void set_effect(PairOutcome& outcome, const std::string& name, const Estimate& effect) {
    outcome.effect_name = name;
    outcome.effect = effect.value;
    if (!effect.value && !effect.note.empty() && outcome.p) {
        add_note(outcome, "no " + name + ": " + effect.note);
    }
}

PairOutcome paired_t_outcome(const Values& x, const Values& y) {
    PairOutcome outcome;
    const TestResult result = paired_t(x, y);
    outcome.p = result.p;
    add_note(outcome, result.note);
    set_effect(outcome, "d_z", cohens_dz(x, y));
    return outcome;
}

PairOutcome wilcoxon_outcome(const Values& x, const Values& y, double alpha) {
    PairOutcome outcome;
    const SignedRankResult result = wilcoxon_signed_rank(x, y, alpha);
    outcome.p = result.test.p;
    add_note(outcome, result.test.note);
    set_effect(outcome, "rank-biserial", result.rank_biserial);
    return outcome;
}

PairOutcome permutation_outcome(const Values& x, const Values& y, double alpha) {
    PairOutcome outcome;
    sweeps::RandomStream random(0, "compare");
    const SignFlipResult result = sign_flip_test(x, y, random, 100000, alpha);
    outcome.p = result.test.p;
    add_note(outcome, result.test.note);
    set_effect(outcome, "d_z", cohens_dz(x, y));
    return outcome;
}

/// Pairs in the order of their differences, so that equal sets of pairs use the draws alike.
void sort_pairs(Values& x, Values& y) {
    std::vector<std::pair<double, std::size_t>> order;
    for (std::size_t i = 0; i < x.size(); ++i) {
        order.emplace_back(x[i] - y[i], i);
    }
    std::sort(order.begin(), order.end());
    Values sorted_x, sorted_y;
    for (const auto& [difference, i] : order) {
        sorted_x.push_back(x[i]);
        sorted_y.push_back(y[i]);
    }
    x = std::move(sorted_x);
    y = std::move(sorted_y);
}

BayesianSignedRank posterior_of(Values x, Values y, double rope, PosteriorMemo* memo) {
    sort_pairs(x, y);
    const SignedRankPattern pattern = signed_rank_pattern(x, y, rope);
    sweeps::RandomStream random(0, "compare");
    if (memo == nullptr) {
        return bayesian_signed_rank(pattern, random);
    }
    const auto known = memo->find(pattern);
    return known != memo->end()
               ? known->second
               : memo->emplace(pattern, bayesian_signed_rank(pattern, random)).first->second;
}

PairOutcome bayes_outcome(
    const Values& x, const Values& y, double alpha, double rope, PosteriorMemo* memo) {
    PairOutcome outcome;
    if (x.size() >= 2) {
        const BayesianSignedRank posterior = posterior_of(x, y, rope, memo);
        outcome.p = std::clamp(1 - std::max(posterior.p_left, posterior.p_right), 0.0, 1.0);
        add_note(outcome,
                 "P(left) = " + note_number(posterior.p_left) +
                     " (baseline higher), P(rope) = " + note_number(posterior.p_rope) +
                     ", P(right) = " + note_number(posterior.p_right) + " (cell higher), rope " +
                     note_number(rope) +
                     "; p is 1 - the larger of P(left), P(right): no p value, not adjusted");
    } else {
        add_note(outcome, "a posterior needs two pairs");
    }
    set_effect(outcome, "rank-biserial", wilcoxon_signed_rank(x, y, alpha).rank_biserial);
    return outcome;
}

PairOutcome welch_outcome(const Values& x, const Values& y) {
    PairOutcome outcome;
    const TestResult result = welch_t(x, y);
    outcome.p = result.p;
    add_note(outcome, result.note);
    set_effect(outcome, "Cohen's d", cohens_d(x, y));
    if (!result.p) {
        return outcome;
    }
    const SampleStatistics sx = sample_statistics(x), sy = sample_statistics(y);
    const double delta = *sx.mean - *sy.mean;
    double half = 0;
    if (result.df) {
        const double error = std::hypot(*sx.std / std::sqrt(static_cast<double>(sx.n)),
                                        *sy.std / std::sqrt(static_cast<double>(sy.n)));
        half = boost::math::quantile(boost::math::students_t(*result.df), 0.975) * error;
    }
    outcome.ci95 = Interval{delta - half, delta + half};
    return outcome;
}

}  // namespace

double practical_equivalence(const std::string& metric, double point) {
    return (sweeps::is_pixel_precision(metric) ? 0.5 : 0.2) * point;
}

PairOutcome pair_test(const std::string& test,
                      const Values& x,
                      const Values& y,
                      double alpha,
                      double rope,
                      PosteriorMemo* posteriors) {
    if (test == "welch") {
        return welch_outcome(x, y);
    }
    PairOutcome outcome;
    if (test == "paired_t") {
        outcome = paired_t_outcome(x, y);
    } else if (test == "wilcoxon") {
        outcome = wilcoxon_outcome(x, y, alpha);
    } else if (test == "permutation") {
        outcome = permutation_outcome(x, y, alpha);
    } else if (test == "bayes") {
        outcome = bayes_outcome(x, y, alpha, rope, posteriors);
    } else {
        throw std::invalid_argument("pair_test: no test is called " + test);
    }
    outcome.ci95 = sample_statistics(paired_differences(x, y).values).ci95;
    return outcome;
}

}  // namespace harrow::analysis
