#include <algorithm>
#include <set>
#include <utility>

#include "analysis/comparison/ranking.hpp"
#include "analysis/sections/sections.hpp"
#include "analysis/sections/values.hpp"

namespace harrow::analysis {
namespace {

constexpr std::size_t kTop = 20;
constexpr std::size_t kMaxUnranked = 10;  ///< between them
constexpr std::size_t kMinCells = 5;      ///< fewer are ranked at a glance

TableRow ranked_row(const Report& report,
                    const RankedCell& ranked,
                    const std::string& metric,
                    const std::vector<std::string>& metrics) {
    const std::vector<CellSummary>& cells = report.summary.cells;
    const CellSummary& cell = cells[ranked.cell];
    const bool is_ranked = ranked.why_unranked.empty();
    TableRow row;
    row.cells.push_back(is_ranked ? number_cell(std::to_string(ranked.rank)) : absent_cell());
    TableCell name{cell.info.name};
    name.mark = is_ranked ? "" : "‡";
    name.hint = ranked.why_unranked;
    row.cells.push_back(std::move(name));
    for (const std::string& shown : metrics) {
        row.cells.push_back(value_cell(report, cell, shown));
        if (shown == metric && ranked.rank == 1) {
            row.cells.back().emphasis = Emphasis::Best;
        }
    }
    const std::optional<std::size_t> baseline = report_baseline(report);
    if (baseline) {
        row.cells.push_back(
            *baseline == ranked.cell
                ? absent_cell()
                : delta_cell(report, metric, paired_delta(cell, cells[*baseline], metric)));
    }
    return row;
}

std::string unranked_note(const std::set<std::string>& reasons) {
    std::string text;
    for (const std::string& reason : reasons) {
        text += (text.empty() ? "" : "; ") + reason;
    }
    return "‡ not ranked with the others: " + text + ".";
}

Table ranking_table(const Report& report, const std::string& metric, sweeps::Goal goal) {
    const std::vector<RankedCell> ranked =
        rank_cells(report.summary, metric, goal == sweeps::Goal::Maximize, report.compare);
    std::vector<std::string> metrics = shown_metrics(report);
    if (std::count(metrics.begin(), metrics.end(), metric) == 0) {
        metrics.push_back(metric);
    }
    Table table;
    table.id = "ranking-" + id_text(metric);
    table.columns = {{"rank"}, {"cell", "", true}};
    for (const std::string& shown : metrics) {
        table.columns.push_back({metric_heading(report, shown)});
    }
    const std::optional<std::size_t> baseline = report_baseline(report);
    if (baseline) {
        table.columns.push_back({delta_heading(report, metric)});
    }
    std::size_t shown = 0, unranked = 0;
    std::set<std::string> reasons;
    bool other_seeds = false;
    for (const RankedCell& cell : ranked) {
        const bool is_ranked = cell.why_unranked.empty();
        if (is_ranked ? shown == kTop : unranked == kMaxUnranked || shown == kTop) {
            continue;
        }
        (is_ranked ? shown : unranked) += 1;
        if (!is_ranked) {
            reasons.insert(cell.why_unranked);
        }
        table.rows.push_back(ranked_row(report, cell, metric, metrics));
        other_seeds = other_seeds || table.rows.back().cells.back().mark == "†";
    }
    const auto all = static_cast<std::size_t>(
        std::count_if(ranked.begin(), ranked.end(), [](const RankedCell& cell) {
            return cell.why_unranked.empty();
        }));
    table.caption = "Top " + std::to_string(shown) + " of " + std::to_string(all) + " by " +
                    metric_heading(report, metric);
    if (baseline) {
        table.notes.push_back("Δ against " + report.summary.cells[*baseline].info.name + ".");
    }
    if (!reasons.empty()) {
        table.notes.push_back(unranked_note(reasons));
    }
    if (other_seeds) {
        table.notes.push_back(delta_note());
    }
    return table;
}

}  // namespace

std::optional<Section> ranking_section(const Report& report) {
    Section section{"ranking", "Rankings", {}};
    for (const std::string& metric : key_metrics(report)) {
        const std::optional<sweeps::Goal> goal = goal_in(report, metric);
        if (!goal) {
            continue;
        }
        Table table = ranking_table(report, metric, *goal);
        if (table.rows.size() >= kMinCells) {
            section.blocks.emplace_back(std::move(table));
        }
    }
    if (section.blocks.empty()) {
        return std::nullopt;
    }
    section.blocks.emplace_back(
        Paragraph{"Ranks follow the means alone and were read off the values that are ranked: "
                  "neighbours need not differ."});
    return section;
}

}  // namespace harrow::analysis
