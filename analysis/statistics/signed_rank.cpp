#include "analysis/statistics/signed_rank.hpp"

#include <algorithm>
#include <cmath>

#include <boost/math/distributions/normal.hpp>

#include "analysis/statistics/paired.hpp"
#include "analysis/statistics/ranks.hpp"

namespace harrow::analysis {
namespace {

// Number of ways to choose signs, by twice the sum of the ranks with a positive sign.
// Midranks are multiples of one half; 2^25 ways are exact in a double.
std::vector<double> count_sign_choices(const std::vector<std::size_t>& twice_ranks) {
    std::vector<double> ways{1};
    for (const std::size_t rank : twice_ranks) {
        ways.resize(ways.size() + rank);
        for (std::size_t sum = ways.size(); sum-- > rank;) {
            ways[sum] += ways[sum - rank];
        }
    }
    return ways;
}

// 2 min(P(W <= w), P(W >= w)): the distribution is symmetric, zeros shift it by a constant.
void set_exact_p(SignedRankResult& result,
                 const std::vector<double>& differences,
                 const std::vector<double>& ranks) {
    std::vector<std::size_t> twice_ranks;
    std::size_t positive = 0, total = 0;
    for (std::size_t i = 0; i < ranks.size(); ++i) {
        if (differences[i] != 0) {
            const auto rank = static_cast<std::size_t>(std::lround(2 * ranks[i]));
            twice_ranks.push_back(rank);
            total += rank;
            positive += differences[i] > 0 ? rank : 0;
        }
    }
    const std::vector<double> ways = count_sign_choices(twice_ranks);
    double below = 0;
    for (std::size_t sum = 0; sum <= std::min(positive, total - positive); ++sum) {
        below += ways[sum];
    }
    const double all = std::ldexp(1.0, static_cast<int>(twice_ranks.size()));
    result.exact = true;
    result.test.p = std::min(1.0, 2 * below / all);
    result.smallest_p = std::min(1.0, 2 / all);
}

void set_normal_p(SignedRankResult& result, const std::vector<std::size_t>& ties) {
    const auto n = static_cast<double>(result.test.n);
    double variance = n * (n + 1) * (2 * n + 1);
    for (const std::size_t tie : ties) {
        const auto t = static_cast<double>(tie);
        variance -= t * (t * t - 1) / 2;
    }
    const double z = (*result.test.statistic - n * (n + 1) / 4) / std::sqrt(variance / 24);
    const boost::math::normal normal;
    result.test.p = std::min(1.0, 2 * boost::math::cdf(complement(normal, std::abs(z))));
    result.smallest_p = 0;
}

}  // namespace

SignedRankResult wilcoxon_signed_rank(const std::vector<double>& x,
                                      const std::vector<double>& y,
                                      double alpha) {
    const PairedDifferences differences = paired_differences(x, y);
    SignedRankResult result;
    result.test.n = differences.values.size();
    if (result.test.n < 2) {
        result.test.note = "a signed-rank test needs two pairs";
        result.rank_biserial.note = result.test.note;
        return result;
    }
    std::vector<double> magnitudes;
    for (const double difference : differences.values) {
        magnitudes.push_back(std::abs(difference));
    }
    const Midranks ranks = midranks(magnitudes, differences.noise);
    for (std::size_t i = 0; i < magnitudes.size(); ++i) {
        const double rank = ranks.ranks[i], difference = differences.values[i];
        result.w_plus += difference > 0 ? rank : difference == 0 ? rank / 2 : 0;
        result.w_minus += difference < 0 ? rank : difference == 0 ? rank / 2 : 0;
    }
    const auto n = static_cast<double>(result.test.n);
    result.test.statistic = std::min(result.w_plus, result.w_minus);
    result.rank_biserial.value = (result.w_plus - result.w_minus) / (n * (n + 1) / 2);
    if (differences.num_zero() == result.test.n) {
        result.test.p = 1;
        result.test.note = result.rank_biserial.note = "all differences are zero";
        return result;
    }
    if (result.test.n <= kMaxExactPairs) {
        set_exact_p(result, differences.values, ranks.ranks);
    } else {
        set_normal_p(result, ranks.ties);
    }
    result.test.note = reach_note(result.test.n, result.smallest_p, alpha);
    return result;
}

}  // namespace harrow::analysis
