#include "analysis/selection/ties.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

#include "analysis/comparison/pair_tests.hpp"
#include "analysis/statistics/multiplicity.hpp"

namespace harrow::analysis {
namespace {

using Cells = std::vector<std::size_t>;

/// Cells with a value that are fair against the baseline, itself among them.
Cells fair_cells(const Summary& summary,
                 const std::string& metric,
                 std::size_t baseline,
                 const std::vector<std::string>& same) {
    Cells cells;
    const CellSummary& versus = summary.cells[baseline];
    const Units units(summary, metric);
    for (std::size_t i = 0; i < summary.cells.size(); ++i) {
        if (!known_mean(summary.cells[i], metric)) {
            continue;
        }
        std::vector<SettingDifference> unfair;
        add_seed_difference(unfair, summary.cells[i], versus, metric);
        add_unit_difference(unfair, summary.cells[i], versus, metric, units);
        if (unfair.empty() &&
            unfair_differences(summary.cells[i].info, versus.info, same).empty()) {
            cells.push_back(i);
        }
    }
    return cells;
}

Cells largest_group(const Summary& summary, const std::string& metric) {
    // Data with the unit, seeds.
    using Key = std::pair<std::string, std::vector<std::uint64_t>>;
    const Units units(summary, metric);
    std::map<Key, Cells> groups;
    for (std::size_t i = 0; i < summary.cells.size(); ++i) {
        const CellSummary& cell = summary.cells[i];
        if (known_mean(cell, metric)) {
            groups[{data_text(cell.info) + "\n" + units.unit(cell.info.run, metric),
                    seeds_of(cell, metric)}]
                .push_back(i);
        }
    }
    const auto largest =
        std::max_element(groups.begin(), groups.end(), [](const auto& a, const auto& b) {
            const auto rank = [](const auto& group) {
                return std::make_pair(group.second.size(), group.first.second.size());
            };
            return rank(a) != rank(b) ? rank(a) < rank(b) : a.second.front() > b.second.front();
        });
    return largest == groups.end() ? Cells() : largest->second;
}

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

std::vector<std::size_t> ranked_cells(const Summary& summary,
                                      const std::string& metric,
                                      const ComparisonOptions& options) {
    Cells ranked;
    if (!options.baseline.empty()) {
        ranked = fair_cells(summary, metric, find_cell(summary, options.baseline), options.same);
    }
    if (ranked.empty()) {  // no baseline, or one without this metric
        ranked = largest_group(summary, metric);
    }
    return ranked;
}

MetricRanking rank_metric(const Summary& summary,
                          const std::string& metric,
                          sweeps::Goal goal,
                          const ComparisonOptions& options) {
    MetricRanking ranking;
    ranking.is_left_out.assign(summary.cells.size(), false);
    const Cells ranked = ranked_cells(summary, metric, options);
    for (std::size_t i = 0; i < summary.cells.size(); ++i) {
        ranking.is_left_out[i] = known_mean(summary.cells[i], metric) &&
                                 !std::binary_search(ranked.begin(), ranked.end(), i);
    }
    if (ranked.size() < 2) {
        return ranking;
    }
    const double sign = goal == sweeps::Goal::Maximize ? 1 : -1;
    ranking.best = *std::max_element(ranked.begin(), ranked.end(), [&](auto a, auto b) {
        return sign * *known_mean(summary.cells[a], metric) <
               sign * *known_mean(summary.cells[b], metric);
    });
    if (!seeds_of(summary.cells[*ranking.best], metric).empty()) {
        ranking.tied =
            tied_set(summary, metric, *ranking.best, ranked, options.test, options.alpha).cells;
    }
    return ranking;
}

}  // namespace harrow::analysis
