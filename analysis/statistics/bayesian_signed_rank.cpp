#include "analysis/statistics/bayesian_signed_rank.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "analysis/statistics/paired.hpp"

namespace harrow::analysis {
namespace {

// For ascending differences the partners j with d_i + d_j above (below) the rope are a suffix
// (prefix): a sample takes O(n) instead of O(n^2).
struct Partners {
    std::vector<std::size_t> right_from, left_to;  ///< by i: j >= right_from, j < left_to
};

Partners find_partners(const std::vector<double>& sorted, double limit) {
    Partners partners;
    for (const double first : sorted) {
        const auto right = std::partition_point(
            sorted.begin(), sorted.end(), [&](double second) { return !(first + second > limit); });
        const auto left = std::partition_point(
            sorted.begin(), sorted.end(), [&](double second) { return first + second < -limit; });
        partners.right_from.push_back(static_cast<std::size_t>(right - sorted.begin()));
        partners.left_to.push_back(static_cast<std::size_t>(left - sorted.begin()));
    }
    return partners;
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

BayesianSignedRank bayesian_signed_rank(const std::vector<double>& x,
                                        const std::vector<double>& y,
                                        double rope,
                                        sweeps::RandomStream& random,
                                        std::size_t samples) {
    if (!(rope >= 0) || !std::isfinite(rope) || samples == 0) {
        throw std::invalid_argument("bayesian_signed_rank: rope >= 0 and samples expected");
    }
    const PairedDifferences differences = paired_differences(x, y);
    BayesianSignedRank result;
    result.n = differences.values.size();
    if (result.n == 0) {
        result.p_rope = 1;
        result.note = "no pairs: only the prior";
        return result;
    }
    std::vector<double> values = differences.values;
    values.insert(values.begin(), 0.0);
    std::vector<double> sorted = values;
    std::sort(sorted.begin(), sorted.end());
    std::vector<std::size_t> order, taken(values.size(), 0);
    for (const double value : values) {
        const auto first = std::lower_bound(sorted.begin(), sorted.end(), value) - sorted.begin();
        order.push_back(static_cast<std::size_t>(first) + taken[static_cast<std::size_t>(first)]++);
    }
    // A sum that reaches the rope only through rounding does not exceed it.
    const Partners partners = find_partners(sorted, 2 * rope + 2 * differences.noise);
    std::vector<double> weights(values.size()), before(values.size() + 1);
    for (std::size_t s = 0; s < samples; ++s) {
        draw_weights(order, random, weights);
        for (std::size_t i = 0; i < weights.size(); ++i) {
            before[i + 1] = before[i] + weights[i];
        }
        double left = 0, right = 0;
        for (std::size_t i = 0; i < weights.size(); ++i) {
            left += weights[i] * before[partners.left_to[i]];
            right += weights[i] * (before.back() - before[partners.right_from[i]]);
        }
        vote(left, before.back() * before.back() - left - right, right, result);
    }
    for (double* p : {&result.p_left, &result.p_rope, &result.p_right}) {
        *p /= static_cast<double>(samples);
    }
    return result;
}

}  // namespace harrow::analysis
