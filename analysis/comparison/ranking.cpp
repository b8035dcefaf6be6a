#include "analysis/comparison/ranking.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <utility>

#include "analysis/comparison/comparison.hpp"

namespace harrow::analysis {
namespace {

/// What makes means comparable.
using Footing = std::pair<std::string, std::vector<std::uint64_t>>;  // data, seeds

Footing footing_of(const CellSummary& cell, const std::string& metric) {
    Footing footing{cell.info.data_digest, {}};
    const auto found = cell.metrics.find(metric);
    if (found != cell.metrics.end()) {
        for (const auto& [seed, value] : found->second.values) {
            footing.second.push_back(seed);
        }
    }
    return footing;
}

std::string difference(const Footing& footing, const Footing& common) {
    if (footing.second.empty()) {
        return "published, its seeds are not known";
    }
    const bool other_data = footing.first != common.first;
    const bool other_seeds = footing.second != common.second;
    return other_data && other_seeds ? "other data and seeds"
           : other_data              ? "other data"
                                     : "other seeds";
}

}  // namespace

std::vector<RankedCell> rank_cells(const Summary& summary,
                                   const std::string& metric,
                                   bool higher_is_better,
                                   const std::vector<bool>& unfair) {
    struct Entry {
        std::size_t cell;
        double mean;
        Footing footing;
    };
    std::vector<Entry> entries;
    std::map<Footing, std::size_t> counts;
    for (std::size_t i = 0; i < summary.cells.size(); ++i) {
        const std::optional<double> mean = known_mean(summary.cells[i], metric);
        if (mean) {
            entries.push_back({i, *mean, footing_of(summary.cells[i], metric)});
            counts[entries.back().footing] += entries.back().footing.second.empty() ? 0 : 1;
        }
    }
    const Footing* common = nullptr;
    for (const Entry& entry : entries) {
        if (common == nullptr || counts[entry.footing] > counts[*common]) {
            common = &counts.find(entry.footing)->first;
        }
    }
    std::stable_sort(entries.begin(), entries.end(), [&](const Entry& a, const Entry& b) {
        return higher_is_better ? a.mean > b.mean : a.mean < b.mean;
    });
    std::vector<RankedCell> ranked;
    std::size_t place = 0, rank = 0;
    double last = 0;
    for (const Entry& entry : entries) {
        RankedCell cell{entry.cell, 0, ""};
        if (entry.footing != *common || entry.footing.second.empty()) {
            cell.why_unranked = difference(entry.footing, *common);
        } else if (entry.cell < unfair.size() && unfair[entry.cell]) {
            cell.why_unranked = "differs from the baseline in what should be equal";
        } else {
            ++place;
            rank = place == 1 || entry.mean != last ? place : rank;
            last = entry.mean;
            cell.rank = rank;
        }
        ranked.push_back(std::move(cell));
    }
    return ranked;
}

}  // namespace harrow::analysis
