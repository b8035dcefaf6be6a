#include "analysis/comparison/ranking.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <tuple>
#include <utility>

#include "analysis/comparison/comparison.hpp"

namespace harrow::analysis {
namespace {

/// What makes means comparable.
struct Footing {
    std::string data, unit;
    std::vector<std::uint64_t> seeds;
    bool operator<(const Footing& other) const {
        return std::tie(data, unit, seeds) < std::tie(other.data, other.unit, other.seeds);
    }
};

std::string difference(const Footing& footing, const Footing& common, const std::string& run) {
    if (footing.seeds.empty()) {
        return "published, its seeds are not known";
    }
    std::vector<std::string> others;
    if (footing.data != common.data) {
        others.emplace_back("data");
    }
    if (footing.seeds != common.seeds) {
        others.emplace_back("seeds");
    }
    std::string text;
    for (const std::string& other : others) {
        text += (text.empty() ? "other " : " and ") + other;
    }
    if (footing.unit != common.unit) {
        text += (text.empty() ? "" : ", ") + ("in " + footing.unit) + " in " + run;
    }
    return text;
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
    const Units units(summary, metric);
    for (std::size_t i = 0; i < summary.cells.size(); ++i) {
        const std::optional<double> mean = known_mean(summary.cells[i], metric);
        if (mean) {
            const CellSummary& cell = summary.cells[i];
            entries.push_back({i,
                               *mean,
                               {data_text(cell.info),
                                units.unit(cell.info.run, metric),
                                seeds_of(cell, metric)}});
            counts[entries.back().footing] += entries.back().footing.seeds.empty() ? 0 : 1;
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
        const bool is_common = !(entry.footing < *common) && !(*common < entry.footing);
        if (!is_common || entry.footing.seeds.empty()) {
            cell.why_unranked =
                difference(entry.footing, *common, summary.cells[entry.cell].info.run);
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
