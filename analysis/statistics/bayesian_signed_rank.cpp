#include "analysis/statistics/bayesian_signed_rank.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "analysis/statistics/paired.hpp"

namespace harrow::analysis {
namespace {

// For ascending differences the partners j with d_i + d_j above (below) the rope are a suffix
// (prefix): a sample takes O(n) instead of O(n^2).
void find_partners(const std::vector<double>& sorted, double limit, SignedRankPattern& pattern) {
    for (const double first : sorted) {
        const auto right = std::partition_point(
            sorted.begin(), sorted.end(), [&](double second) { return !(first + second > limit); });
        const auto left = std::partition_point(
            sorted.begin(), sorted.end(), [&](double second) { return first + second < -limit; });
        pattern.right_from.push_back(static_cast<std::size_t>(right - sorted.begin()));
        pattern.left_to.push_back(static_cast<std::size_t>(left - sorted.begin()));
    }
}

// Unnormalised Dirichlet weights: chi-squared with one degree of freedom over two is Gamma(1/2).
// `order` gives the place in the sorted list of the pseudo-difference, then of each pair.
void draw_weights(const std::vector<std::size_t>& order,
                  sweeps::RandomStream& random,
                  std::vector<double>& weights) {
    const double normal = random.normal();
    weights[order[0]] = normal * normal / 2;
    for (std::size_t i = 1; i < order.size(); ++i) {
        weights[order[i]] = -std::log(1 - random.uniform());
    }
}

// Adds one vote, shared by those whose theta is the largest.
void vote(double left, double rope, double right, BayesianSignedRank& result) {
    const double largest = std::max({left, rope, right});
    const double winners =
        (left == largest ? 1 : 0) + (rope == largest ? 1 : 0) + (right == largest ? 1 : 0);
    result.p_left += left == largest ? 1 / winners : 0;
    result.p_rope += rope == largest ? 1 / winners : 0;
    result.p_right += right == largest ? 1 / winners : 0;
}

}  // namespace

SignedRankPattern signed_rank_pattern(const std::vector<double>& x,
                                      const std::vector<double>& y,
                                      double rope) {
    if (!(rope >= 0) || !std::isfinite(rope)) {
        throw std::invalid_argument("bayesian_signed_rank: rope >= 0 expected");
    }
    const PairedDifferences differences = paired_differences(x, y);
    std::vector<double> values = differences.values;
    values.insert(values.begin(), 0.0);
    std::vector<double> sorted = values;
    std::sort(sorted.begin(), sorted.end());
    SignedRankPattern pattern;
    std::vector<std::size_t> taken(values.size(), 0);
    for (const double value : values) {
        const auto first = std::lower_bound(sorted.begin(), sorted.end(), value) - sorted.begin();
        pattern.order.push_back(static_cast<std::size_t>(first) +
                                taken[static_cast<std::size_t>(first)]++);
    }
    // A sum that reaches the rope only through rounding does not exceed it.
    find_partners(sorted, 2 * rope + 2 * differences.noise, pattern);
    return pattern;
}

BayesianSignedRank bayesian_signed_rank(const SignedRankPattern& pattern,
                                        sweeps::RandomStream& random,
                                        std::size_t samples) {
    if (pattern.order.empty() || samples == 0) {
        throw std::invalid_argument("bayesian_signed_rank: a pattern and samples expected");
    }
    BayesianSignedRank result;
    result.n = pattern.order.size() - 1;
    if (result.n == 0) {
        result.p_rope = 1;
        result.note = "no pairs: only the prior";
        return result;
    }
    std::vector<double> weights(pattern.order.size()), before(pattern.order.size() + 1);
    for (std::size_t s = 0; s < samples; ++s) {
        draw_weights(pattern.order, random, weights);
        for (std::size_t i = 0; i < weights.size(); ++i) {
            before[i + 1] = before[i] + weights[i];
        }
        double left = 0, right = 0;
        for (std::size_t i = 0; i < weights.size(); ++i) {
            left += weights[i] * before[pattern.left_to[i]];
            right += weights[i] * (before.back() - before[pattern.right_from[i]]);
        }
        vote(left, before.back() * before.back() - left - right, right, result);
    }
    for (double* p : {&result.p_left, &result.p_rope, &result.p_right}) {
        *p /= static_cast<double>(samples);
    }
    return result;
}

BayesianSignedRank bayesian_signed_rank(const std::vector<double>& x,
                                        const std::vector<double>& y,
                                        double rope,
                                        sweeps::RandomStream& random,
                                        std::size_t samples) {
    return bayesian_signed_rank(signed_rank_pattern(x, y, rope), random, samples);
}

}  // namespace harrow::analysis
