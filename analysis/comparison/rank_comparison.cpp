#include "analysis/comparison/rank_comparison.hpp"

#include <algorithm>
#include <utility>

#include "analysis/comparison/fairness.hpp"

namespace harrow::analysis {
namespace {

const MetricSummary* values_of(const CellSummary& cell, const std::string& metric) {
    const auto found = cell.metrics.find(metric);
    return found == cell.metrics.end() ? nullptr : &found->second;
}

bool has_seeds(const CellSummary& cell,
               const std::string& metric,
               const std::vector<std::uint64_t>& seeds) {
    const MetricSummary* values = values_of(cell, metric);
    return values != nullptr && std::all_of(seeds.begin(), seeds.end(), [&](std::uint64_t seed) {
               return values->values.count(seed) != 0;
           });
}

std::size_t place_of(const std::vector<std::size_t>& cells, std::size_t cell) {
    return static_cast<std::size_t>(std::find(cells.begin(), cells.end(), cell) - cells.begin());
}

std::string whole_note(const FriedmanResult& result) {
    if (result.cells < 3) {
        return "two cells: Friedman's test is a sign test";
    }
    std::string text = "Friedman over " + std::to_string(result.cells) + " cells and " +
                       std::to_string(result.blocks) + " seeds: ";
    if (result.f.statistic) {
        text += "Iman-Davenport F = " + note_number(*result.f.statistic) + ", ";
    }
    text += "p = " + note_number(result.f.p.value_or(1));
    return text + (result.f.note.empty() ? "" : " (" + result.f.note + ")") +
           "; p of the pair by Nemenyi, corrected over all pairs: not adjusted again";
}

}  // namespace

RankComparison::RankComparison(const Summary& summary,
                               std::string metric,
                               std::size_t baseline,
                               double alpha)
    : summary_(summary),
      metric_(std::move(metric)),
      baseline_(baseline),
      alpha_(alpha),
      units_(summary, metric_) {}

RankComparison::Ranking& RankComparison::ranking(std::size_t cell,
                                                 const std::vector<std::uint64_t>& seeds) {
    const auto is_home = [&](std::size_t i) {
        const CellInfo& info = summary_.cells[i].info;
        const CellInfo& baseline = summary_.cells[baseline_].info;
        return data_text(info) == data_text(baseline) &&
               units_.unit(info.run, metric_) == units_.unit(baseline.run, metric_);
    };
    // A cell of other data, unfair anyway, must not change the ranks of the others.
    Ranking& ranking = is_home(cell) ? rankings_[seeds] : strangers_[{cell, seeds}];
    if (!ranking.cells.empty()) {
        return ranking;
    }
    for (std::size_t i = 0; i < summary_.cells.size(); ++i) {
        if ((is_home(i) || i == cell) && has_seeds(summary_.cells[i], metric_, seeds)) {
            ranking.cells.push_back(i);
        }
    }
    std::vector<std::vector<double>> blocks;
    for (const std::uint64_t seed : seeds) {
        std::vector<double>& block = blocks.emplace_back();
        for (const std::size_t i : ranking.cells) {
            block.push_back(values_of(summary_.cells[i], metric_)->values.at(seed));
        }
    }
    ranking.result = friedman_test(blocks, false);  // ranks grow with the values
    return ranking;
}

PairOutcome RankComparison::compare(std::size_t cell, const std::vector<std::uint64_t>& seeds) {
    PairOutcome outcome;
    outcome.effect_name = "mean rank difference";
    Ranking& ranks = ranking(cell, seeds);
    const std::size_t cells = ranks.cells.size();
    const double difference = ranks.result.mean_ranks[place_of(ranks.cells, cell)] -
                              ranks.result.mean_ranks[place_of(ranks.cells, baseline_)];
    outcome.effect = difference;
    if (seeds.size() < 2) {
        outcome.notes.emplace_back("Friedman's test needs two seeds");
        return outcome;
    }
    const auto known = ranks.pair_p.find(std::abs(difference));
    outcome.p = known != ranks.pair_p.end()
                    ? known->second
                    : ranks.pair_p
                          .emplace(std::abs(difference),
                                   nemenyi_p(difference, cells, seeds.size()).value.value_or(1))
                          .first->second;
    outcome.notes.push_back(whole_note(ranks.result));
    const double smallest =
        nemenyi_p(static_cast<double>(cells - 1), cells, seeds.size()).value.value_or(1);
    const std::string reach = reach_note(seeds.size(), smallest, alpha_);
    if (!reach.empty()) {
        outcome.notes.push_back(reach);
    }
    return outcome;
}

}  // namespace harrow::analysis
