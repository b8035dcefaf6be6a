#include "analysis/sections/metrics_table.hpp"

#include <algorithm>

#include "analysis/sections/values.hpp"
#include "analysis/selection/ties.hpp"

namespace harrow::analysis {
namespace {

/// Absent where nobody can say which value is the best.
std::optional<MetricRanking> ranking_of(const Report& report, const std::string& metric) {
    const std::optional<sweeps::Goal> goal = goal_in(report, metric);
    if (!goal) {
        return std::nullopt;
    }
    MetricRanking ranking = rank_metric(report.summary, metric, *goal, report.compare);
    return ranking.best ? std::optional(std::move(ranking)) : std::nullopt;
}

void emphasise(TableCell& cell, const MetricRanking& ranking, std::size_t index) {
    if (ranking.best == index) {
        cell.emphasis = Emphasis::Best;
    } else if (std::find(ranking.tied.begin(), ranking.tied.end(), index) != ranking.tied.end()) {
        cell.emphasis = Emphasis::Tie;
    }
    if (!ranking.why_not[index].empty()) {
        cell.mark = kLeftOutMark;
        cell.hint = "not ranked: " + ranking.why_not[index];
    }
}

}  // namespace

Table metrics_table(const Report& report,
                    const std::string& id,
                    const std::vector<std::string>& metrics) {
    Table table;
    table.id = id;
    table.columns.push_back({"cell", "", true});
    for (const CellSummary& cell : report.summary.cells) {
        table.rows.push_back({{{cell.info.name}}});
    }
    bool has_left_out = false;
    for (const std::string& metric : metrics) {
        table.columns.push_back({metric_heading(report, metric)});
        const std::optional<MetricRanking> ranking = ranking_of(report, metric);
        for (std::size_t i = 0; i < report.summary.cells.size(); ++i) {
            const CellSummary& of = report.summary.cells[i];
            const bool is_measured = find_metric(of.metrics, metric) != nullptr;
            TableCell cell = value_cell(report, of, metric);  // a published one where there is none
            if (ranking && is_measured && cell.is_number) {
                emphasise(cell, *ranking, i);
            }
            has_left_out = has_left_out || !cell.mark.empty();
            table.rows[i].cells.push_back(std::move(cell));
        }
    }
    if (has_left_out) {
        table.notes.push_back(
            std::string(kLeftOutMark) + " left out of bold and underline: " +
            (report.compare.baseline.empty()
                 ? "other data, units, seeds, epochs or parameters that should be equal than the "
                   "cells that are ranked."
                 : "no fair comparison with " + report.compare.baseline + ", see Comparisons."));
    }
    for (std::string& note : metric_notes(report, metrics)) {
        table.notes.push_back(std::move(note));
    }
    return table;
}

}  // namespace harrow::analysis
