#include "analysis/report_terminal.hpp"

#include <algorithm>
#include <vector>

#include "analysis/table.hpp"

namespace harrow::analysis {
namespace {

// The objective, then what tells most, then the rest.
std::vector<std::string> shown_order(const Report& report) {
    std::vector<std::string> wanted = {
        report.objective.metric, "image_auroc", "pixel_ap", "image_auroc.fm", "routing_acc"};
    wanted.insert(wanted.end(), report.summary.metrics.begin(), report.summary.metrics.end());
    std::vector<std::string> order;
    for (const std::string& metric : wanted) {
        const auto& known = report.summary.metrics;
        if (std::find(known.begin(), known.end(), metric) != known.end() &&
            std::find(order.begin(), order.end(), metric) == order.end()) {
            order.push_back(metric);
        }
    }
    return order;
}

std::string seeds_text(const CellSummary& cell) {
    std::string text = std::to_string(cell.finished.size());
    return cell.missing.empty() ? text : text + "/" + std::to_string(cell.info.seeds.size());
}

// Without (n) where it is the number of seeds in the second column.
std::string value_text(const CellSummary& cell, const std::string& metric, const Report& report) {
    const MetricSummary* summary = find_metric(cell.metrics, metric);
    std::string text = mean_std_text(summary, metric_format(report, metric));
    if (summary != nullptr && summary->statistics.n == cell.finished.size()) {
        text.erase(text.rfind(" ("));
    }
    return text;
}

}  // namespace

std::string terminal_table(const Report& report, int width) {
    const auto available = static_cast<std::size_t>(std::max(width, 20));
    TextTable table;
    table.header = {"cell", "n"};
    std::size_t name_width = 4, used = 0;
    for (const CellSummary& cell : report.summary.cells) {
        const std::string name =
            truncated(cell.info.name, std::max<std::size_t>(available * 2 / 5, 8));
        name_width = std::max(name_width, display_width(name));
        table.rows.push_back({name, seeds_text(cell)});
        used = std::max(used, display_width(table.rows.back()[1]));
    }
    used = name_width + 2 + std::max<std::size_t>(used, 1);
    const std::vector<std::string> metrics = shown_order(report);
    std::size_t shown = 0;
    for (; shown < metrics.size(); ++shown) {
        std::vector<std::string> column = {metric_heading(report, metrics[shown])};
        std::size_t column_width = display_width(column.front());
        for (const CellSummary& cell : report.summary.cells) {
            column.push_back(value_text(cell, metrics[shown], report));
            column_width = std::max(column_width, display_width(column.back()));
        }
        if (shown > 0 && used + 2 + column_width > available) {
            break;
        }
        used += 2 + column_width;
        table.header.push_back(column.front());
        for (std::size_t row = 0; row < table.rows.size(); ++row) {
            table.rows[row].push_back(column[row + 1]);
        }
    }
    std::string text = aligned_table(table);
    if (shown < metrics.size()) {
        text += std::to_string(metrics.size() - shown) + " more metrics: harrow report\n";
    }
    return text;
}

}  // namespace harrow::analysis
