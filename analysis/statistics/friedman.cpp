#include "analysis/statistics/friedman.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include <boost/math/distributions/chi_squared.hpp>
#include <boost/math/distributions/fisher_f.hpp>

#include "analysis/statistics/ranks.hpp"
#include "analysis/statistics/sample.hpp"
#include "analysis/statistics/studentized_range.hpp"

namespace harrow::analysis {
namespace {

struct RankSums {
    std::vector<double> sums;  ///< by cell
    double ties = 0;           ///< sum of t (t^2 - 1) over all ties of all blocks
    double log_rankings = 0;   ///< log of the number of rankings the last block could have
    bool alike = true;         ///< every block ranks the cells the same way
};

RankSums rank_blocks(const std::vector<std::vector<double>>& values, bool larger_is_better) {
    const std::size_t cells = values.front().size();
    RankSums result;
    result.sums.resize(cells);
    std::vector<double> first;
    for (const std::vector<double>& block : values) {
        if (block.size() != cells) {
            throw std::invalid_argument("friedman_test: every block needs one value per cell");
        }
        require_finite(block, "friedman_test");
        std::vector<double> ordered = block;
        if (larger_is_better) {
            std::transform(block.begin(), block.end(), ordered.begin(), std::negate<>());
        }
        const Midranks ranks = midranks(ordered, rounding_noise(block, {}));
        result.log_rankings = std::lgamma(static_cast<double>(cells) + 1);
        for (const std::size_t tie : ranks.ties) {
            const auto t = static_cast<double>(tie);
            result.ties += t * (t * t - 1);
            result.log_rankings -= std::lgamma(t + 1);
        }
        first = first.empty() ? ranks.ranks : first;
        result.alike = result.alike && ranks.ranks == first;
        for (std::size_t cell = 0; cell < cells; ++cell) {
            result.sums[cell] += ranks.ranks[cell];
        }
    }
    return result;
}

void set_chi_square(FriedmanResult& result, const RankSums& ranks) {
    const auto n = static_cast<double>(result.blocks), k = static_cast<double>(result.cells);
    double squares = 0;  // around the mean: no difference of large sums
    for (const double sum : ranks.sums) {
        const double deviation = sum - n * (k + 1) / 2;
        squares += deviation * deviation;
    }
    const double correction = 1 - ranks.ties / (n * k * (k * k - 1));
    result.chi_square = 12 * squares / (n * k * (k + 1)) / correction;
    const boost::math::chi_squared distribution(k - 1);
    result.p_chi_square = boost::math::cdf(complement(distribution, *result.chi_square));
}

void set_f(FriedmanResult& result, const RankSums& ranks) {
    const auto n = static_cast<double>(result.blocks), k = static_cast<double>(result.cells);
    result.f.df = k - 1;
    result.df_error = (k - 1) * (n - 1);
    if (ranks.alike) {
        result.f.p = std::exp(-(n - 1) * ranks.log_rankings);
        result.f.note =
            "every block ranks the cells alike: F is infinite, p is the exact "
            "probability of that";
        return;
    }
    result.f.statistic = (n - 1) * *result.chi_square / (n * (k - 1) - *result.chi_square);
    const boost::math::fisher_f distribution(*result.f.df, *result.df_error);
    result.f.p = boost::math::cdf(complement(distribution, *result.f.statistic));
}

double rank_scale(std::size_t cells, std::size_t blocks) {
    const auto k = static_cast<double>(cells), n = static_cast<double>(blocks);
    return std::sqrt(k * (k + 1) / (12 * n));
}

}  // namespace

FriedmanResult friedman_test(const std::vector<std::vector<double>>& values,
                             bool larger_is_better) {
    FriedmanResult result;
    result.blocks = result.f.n = values.size();
    result.cells = values.empty() ? 0 : values.front().size();
    if (values.empty() || result.cells == 0) {
        result.f.note = "no values";
        return result;
    }
    const RankSums ranks = rank_blocks(values, larger_is_better);
    for (const double sum : ranks.sums) {
        result.mean_ranks.push_back(sum / static_cast<double>(result.blocks));
    }
    if (result.blocks < 2 || result.cells < 2) {
        result.f.note = "Friedman's test needs two cells and two blocks";
        return result;
    }
    const auto n = static_cast<double>(result.blocks), k = static_cast<double>(result.cells);
    if (ranks.ties >= n * k * (k * k - 1)) {
        result.f.p = 1;
        result.f.note = "all values of every block are equal";
        return result;
    }
    set_chi_square(result, ranks);
    set_f(result, ranks);
    return result;
}

Estimate nemenyi_critical_difference(std::size_t cells, std::size_t blocks, double alpha) {
    if (cells < 2 || blocks < 1) {
        return {std::nullopt, "critical differences need two cells and one block"};
    }
    return {studentized_range_quantile(alpha, cells) * rank_scale(cells, blocks), ""};
}

Estimate nemenyi_p(double rank_difference, std::size_t cells, std::size_t blocks) {
    if (cells < 2 || blocks < 1) {
        return {std::nullopt, "Nemenyi's test needs two cells and one block"};
    }
    return {studentized_range_tail(std::abs(rank_difference) / rank_scale(cells, blocks), cells),
            ""};
}

}  // namespace harrow::analysis
