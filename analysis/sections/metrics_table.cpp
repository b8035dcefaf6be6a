#include "analysis/sections/metrics_table.hpp"

namespace harrow::analysis {

Table metrics_table(const Report& report,
                    const std::string& id,
                    const std::vector<std::string>& metrics) {
    Table table;
    table.id = id;
    table.columns.push_back({"cell", "", true});
    for (const std::string& metric : metrics) {
        table.columns.push_back({metric_heading(report, metric)});
    }
    for (std::size_t i = 0; i < report.summary.cells.size(); ++i) {
        const CellSummary& cell = report.summary.cells[i];
        TableRow row;
        row.cells.push_back({cell.info.name});
        for (const std::string& metric : metrics) {
            row.cells.push_back(
                metric_cell(find_metric(cell.metrics, metric), metric_format(report, metric)));
            if (report.selection.cell == i && metric == report.objective.metric) {
                row.cells.back().emphasis = Emphasis::Best;
            }
        }
        table.rows.push_back(std::move(row));
    }
    return table;
}

}  // namespace harrow::analysis
