#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "analysis/statistics/bayesian_signed_rank.hpp"
#include "analysis/statistics/sample.hpp"

namespace harrow::analysis {

/// Posteriors by pattern of the differences, from the fixed stream of bayes.
using PosteriorMemo = std::map<SignedRankPattern, BayesianSignedRank>;

/// What one test says of two samples x and y.
struct PairOutcome {
    std::optional<double> p;  ///< absent for n < 2
    std::optional<double> effect;
    std::string effect_name;
    std::optional<Interval> ci95;    ///< of mean x - mean y
    std::vector<std::string> notes;  ///< what is absent and why, what the test cannot reach
};

/// Half width of the region of practical equivalence: 0.5 points for AP and F1 of pixels, 0.2
/// points for all else. `point`: see Units::point().
double practical_equivalence(const std::string& metric, double point);

/// `test`: paired_t (effect d_z), wilcoxon (matched rank-biserial), permutation of signs (d_z) or
/// bayes (rank-biserial) of pairs, interval by Student's t over the differences; welch of two
/// samples (Cohen's d, Welch's interval). Random numbers are a fixed stream of their own: equal
/// samples give equal outcomes, pairs in any order. `posteriors` spares bayes samplings that were
/// made before, and changes no outcome.
PairOutcome pair_test(const std::string& test,
                      const std::vector<double>& x,
                      const std::vector<double>& y,
                      double alpha,
                      double rope,
                      PosteriorMemo* posteriors = nullptr);

}  // namespace harrow::analysis
