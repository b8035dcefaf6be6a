#include "analysis/comparison/ranking.hpp"

#include <algorithm>
#include <utility>

#include "analysis/comparison/comparable.hpp"

namespace harrow::analysis {

std::vector<RankedCell> rank_cells(const Summary& summary,
                                   const std::string& metric,
                                   bool higher_is_better,
                                   const ComparisonOptions& options) {
    const ComparableCells comparable = comparable_cells(summary, metric, options);
    std::vector<std::pair<std::size_t, double>> entries;  // cell, mean
    for (std::size_t i = 0; i < summary.cells.size(); ++i) {
        const std::optional<double> mean = known_mean(summary.cells[i], metric);
        if (mean) {
            entries.emplace_back(i, *mean);
        }
    }
    std::stable_sort(entries.begin(), entries.end(), [&](const auto& a, const auto& b) {
        return higher_is_better ? a.second > b.second : a.second < b.second;
    });
    std::vector<RankedCell> ranked;
    std::size_t place = 0, rank = 0;
    double last = 0;
    for (const auto& [index, mean] : entries) {
        RankedCell cell{index, 0, comparable.why_not[index]};
        if (cell.why_unranked.empty()) {
            ++place;
            rank = place == 1 || mean != last ? place : rank;
            last = mean;
            cell.rank = rank;
        }
        ranked.push_back(std::move(cell));
    }
    return ranked;
}

}  // namespace harrow::analysis
