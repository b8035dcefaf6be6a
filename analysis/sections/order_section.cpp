#include <algorithm>
#include <utility>

#include "analysis/comparison/order_sensitivity.hpp"
#include "analysis/sections/sections.hpp"
#include "analysis/sections/values.hpp"

namespace harrow::analysis {
namespace {

constexpr std::size_t kMaxTables = 6;
constexpr std::size_t kMaxRows = 40;

/// Metrics after the last task, and forgetting.
std::vector<std::string> order_metrics(const Report& report) {
    std::vector<std::string> metrics;
    for (const std::string& metric : shown_metrics(report)) {
        metrics.push_back(metric);
        const std::string forgetting = metric + ".fm";
        const std::vector<std::string>& known = report.summary.metrics;
        if (std::find(known.begin(), known.end(), forgetting) != known.end()) {
            metrics.push_back(forgetting);
        }
    }
    std::sort(metrics.begin(), metrics.end(), metric_before);
    metrics.erase(std::unique(metrics.begin(), metrics.end()), metrics.end());
    return metrics;
}

std::string order_text(const CellInfo& cell) {
    const std::string order = sequence_setting(cell, "sequence.order");
    const std::string seed = sequence_setting(cell, "sequence.order_seed");
    return (order.empty() ? "–" : order) + (seed.empty() ? "" : " " + seed);
}

TableRow order_row(const Report& report,
                   const CellSummary& cell,
                   const std::vector<std::string>& metrics) {
    std::size_t tasks = 0;
    for (const auto& [metric, sequence] : cell.sequences) {
        tasks = std::max(tasks, sequence.values.size());
    }
    const std::string scenario = sequence_setting(cell.info, "sequence.scenario");
    TableRow row;
    row.cells = {{scenario.empty() ? "–" : scenario},
                 {order_text(cell.info)},
                 {cell.info.name},
                 tasks > 0 ? number_cell(std::to_string(tasks)) : absent_cell()};
    for (const std::string& metric : metrics) {
        row.cells.push_back(value_cell(report, cell, metric));
    }
    return row;
}

/// Rows "over n orders" and "range", by scenario.
void add_spreads(const Report& report,
                 const OrderFamily& family,
                 const std::vector<std::string>& metrics,
                 Table& table) {
    std::vector<std::pair<std::string, std::size_t>> scenarios;  // and how many orders
    for (const std::string& metric : metrics) {
        for (const OrderSpread& spread : order_spreads(report.summary, family, metric)) {
            const auto known = std::find_if(scenarios.begin(), scenarios.end(), [&](const auto& s) {
                return s.first == spread.scenario;
            });
            if (known == scenarios.end()) {
                scenarios.emplace_back(spread.scenario, spread.over_orders.n);
            }
        }
    }
    bool has_other_seeds = false;
    for (const auto& [scenario, orders] : scenarios) {
        TableRow mean, range;
        const std::string shown = scenario.empty() ? "–" : scenario;
        mean.rule_above = true;
        mean.cells = {
            {shown}, {"mean over " + std::to_string(orders) + " orders"}, {""}, absent_cell()};
        range.cells = {{shown}, {"highest less lowest"}, {""}, absent_cell()};
        for (const std::string& metric : metrics) {
            const MetricFormat format = metric_format(report, metric);
            TableCell spread_cell = absent_cell(), range_cell = absent_cell();
            for (const OrderSpread& spread : order_spreads(report.summary, family, metric)) {
                if (spread.scenario == scenario) {
                    MetricSummary over;
                    over.statistics = spread.over_orders;
                    spread_cell = metric_cell(&over, format);
                    range_cell = number_cell(fixed_text(
                        (spread.highest - spread.lowest) * format.factor, format.decimals));
                    spread_cell.mark = range_cell.mark = spread.same_seeds ? "" : "†";
                    has_other_seeds = has_other_seeds || !spread.same_seeds;
                }
            }
            mean.cells.push_back(spread_cell);
            range.cells.push_back(range_cell);
        }
        table.rows.push_back(std::move(mean));
        table.rows.push_back(std::move(range));
    }
    if (has_other_seeds) {
        table.notes.push_back(
            "† not the same seeds: over those that all orders have; where there are none, of the "
            "means.");
    }
}

Table order_table(const Report& report, const OrderFamily& family, std::size_t number) {
    const std::vector<std::string> metrics = order_metrics(report);
    Table table;
    table.id = "order-" + std::to_string(number);
    table.caption = "Orders and groupings of the tasks, all else equal";
    table.columns = {{"scenario", "", true}, {"order", "", true}, {"cell", "", true}, {"tasks"}};
    for (const std::string& metric : metrics) {
        table.columns.push_back({metric_heading(report, metric)});
    }
    for (const std::size_t cell : family.cells) {
        if (table.rows.size() < kMaxRows) {
            table.rows.push_back(order_row(report, report.summary.cells[cell], metrics));
        }
    }
    if (table.rows.size() < family.cells.size()) {
        table.notes.push_back("The first " + std::to_string(kMaxRows) + " of " +
                              std::to_string(family.cells.size()) +
                              " cells; the spread is over all of them.");
    }
    add_spreads(report, family, metrics, table);
    table.notes.push_back(
        "Over orders: mean ± sample standard deviation (orders) of the means "
        "over seeds of one scenario.");
    return table;
}

}  // namespace

std::optional<Section> order_section(const Report& report) {
    const std::vector<OrderFamily> families = find_order_families(report.summary);
    if (families.empty()) {
        return std::nullopt;
    }
    Section section{"order", "Task orders", {}};
    for (std::size_t i = 0; i < std::min(kMaxTables, families.size()); ++i) {
        section.blocks.emplace_back(order_table(report, families[i], i + 1));
    }
    if (families.size() > kMaxTables) {
        section.blocks.emplace_back(Paragraph{
            "Shown: " + std::to_string(kMaxTables) + " of " + std::to_string(families.size()) +
            " groups of cells that differ in the order of their tasks; all are in the CSV."});
    }
    return section;
}

}  // namespace harrow::analysis
