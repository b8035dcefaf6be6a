#pragma once

#include <cstddef>
#include <string>
#include <tuple>
#include <vector>

#include "sweeps/random.hpp"

namespace harrow::analysis {

/// Posterior probabilities that, of x and y, y is better by more than the rope, neither, or x is
/// better by more than the rope (x larger is better); they sum to 1.
struct BayesianSignedRank {
    std::size_t n = 0;
    double p_left = 0, p_rope = 0, p_right = 0;
    std::string note;  ///< not empty for n = 0, where the prior alone speaks
};

/// All that the posterior depends on: how the differences and their sums lie to each other and to
/// the rope. Of the pseudo-difference, then of each pair, its place among all ascending; by place i
/// the places j with d_i + d_j beyond the rope: j >= right_from[i], j < left_to[i].
struct SignedRankPattern {
    std::vector<std::size_t> order, right_from, left_to;
    bool operator<(const SignedRankPattern& other) const {
        return std::tie(order, right_from, left_to) <
               std::tie(other.order, other.right_from, other.left_to);
    }
};

/// Arguments and exceptions as of bayesian_signed_rank().
SignedRankPattern signed_rank_pattern(const std::vector<double>& x,
                                      const std::vector<double>& y,
                                      double rope);

BayesianSignedRank bayesian_signed_rank(const SignedRankPattern& pattern,
                                        sweeps::RandomStream& random,
                                        std::size_t samples = 50000);

/// Bayesian signed-rank test (Benavoli et al., JMLR 2017): one pseudo-difference 0 of weight 0.5
/// beside the differences d = x - y, weights w ~ Dirichlet(0.5, 1, ..., 1),
/// theta_right = sum w_i w_j [d_i + d_j > 2 rope], theta_left likewise, theta_rope the rest; each
/// probability is the share of samples in which its theta is the largest.
/// Per sample one normal and n uniform draws of `random`. `rope` >= 0 in the unit of the values.
/// Throws std::invalid_argument when the sizes differ, for a negative rope or no samples.
BayesianSignedRank bayesian_signed_rank(const std::vector<double>& x,
                                        const std::vector<double>& y,
                                        double rope,
                                        sweeps::RandomStream& random,
                                        std::size_t samples = 50000);

}  // namespace harrow::analysis
