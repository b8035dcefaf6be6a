#include "analysis/selection/ties.hpp"

#include <algorithm>
#include <utility>

#include "analysis/comparison/comparable.hpp"
#include "analysis/comparison/pair_tests.hpp"
#include "analysis/statistics/multiplicity.hpp"

namespace harrow::analysis {
namespace {

using Cells = std::vector<std::size_t>;

}  // namespace

std::string tie_test(const std::string& test) {
    return test == "wilcoxon" || test == "permutation" ? test : "paired_t";
}

TiedSet tied_set(const Summary& summary,
                 const std::string& metric,
                 std::size_t best,
                 const Cells& candidates,
                 const std::string& test,
                 double alpha) {
    TiedSet result;
    const auto& best_values = summary.cells[best].metrics.at(metric).values;
    const std::string used = tie_test(test);
    Cells tested;
    std::vector<std::optional<double>> p;
    std::size_t most_pairs = 0;
    for (const std::size_t i : candidates) {
        if (i == best) {
            continue;
        }
        std::vector<double> x, y;
        for (const auto& [seed, value] : summary.cells[i].metrics.at(metric).values) {
            const auto found = best_values.find(seed);
            if (found != best_values.end()) {
                x.push_back(found->second);
                y.push_back(value);
            }
        }
        if (x.size() < 2) {
            ++result.untested;
            continue;
        }
        tested.push_back(i);
        most_pairs = std::max(most_pairs, x.size());
        p.push_back(pair_test(used, x, y, alpha, 0).p);
    }
    result.tested = tested.size();
    if (used != "paired_t") {
        for (std::size_t i = 1; i < most_pairs; ++i) {
            result.smallest_p /= 2;
        }
    } else {
        result.smallest_p = 0;
    }
    p = adjust_p_values(p, Adjustment::Holm);
    for (std::size_t i = 0; i < tested.size(); ++i) {
        if (!(p[i] <= alpha)) {
            result.cells.push_back(tested[i]);
        }
    }
    return result;
}

MetricRanking rank_metric(const Summary& summary,
                          const std::string& metric,
                          sweeps::Goal goal,
                          const ComparisonOptions& options) {
    MetricRanking ranking;
    const ComparableCells comparable = comparable_cells(summary, metric, options);
    const Cells& ranked = comparable.cells;
    ranking.why_not = comparable.why_not;
    if (ranked.size() < 2) {
        return ranking;
    }
    const double sign = goal == sweeps::Goal::Maximize ? 1 : -1;
    ranking.best = *std::max_element(ranked.begin(), ranked.end(), [&](auto a, auto b) {
        return sign * *known_mean(summary.cells[a], metric) <
               sign * *known_mean(summary.cells[b], metric);
    });
    TiedSet ties = tied_set(summary, metric, *ranking.best, ranked, options.test, options.alpha);
    if (ties.smallest_p * static_cast<double>(ties.tested) <= options.alpha) {
        ranking.tied = std::move(ties.cells);
    }
    return ranking;
}

}  // namespace harrow::analysis
