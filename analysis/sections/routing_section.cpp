#include <algorithm>
#include <utility>

#include "analysis/sections/sections.hpp"
#include "analysis/sections/values.hpp"

namespace harrow::analysis {
namespace {

constexpr std::size_t kMaxRows = 30;
constexpr std::size_t kMaxTasks = 30;
constexpr const char* kAccuracy = "routing_acc";

/// Metrics with values under the right expert.
std::vector<std::string> oracle_metrics(const Report& report) {
    std::vector<std::string> metrics;
    for (const std::string& metric : key_metrics(report)) {
        const bool is_known = std::any_of(
            report.summary.cells.begin(), report.summary.cells.end(), [&](const auto& cell) {
                return find_metric(cell.oracle, metric) != nullptr;
            });
        if (is_known) {
            metrics.push_back(metric);
        }
    }
    return metrics;
}

/// Oracle less routed, over the seeds that have both.
TableCell gap_cell(const Report& report, const CellSummary& cell, const std::string& metric) {
    const MetricSummary* routed = find_metric(cell.metrics, metric);
    const MetricSummary* oracle = find_metric(cell.oracle, metric);
    if (routed == nullptr || oracle == nullptr) {
        return absent_cell();
    }
    std::vector<double> gaps;
    for (const auto& [seed, value] : oracle->values) {
        const auto found = routed->values.find(seed);
        if (found != routed->values.end()) {
            gaps.push_back(value - found->second);
        }
    }
    if (gaps.empty()) {
        return absent_cell();
    }
    const MetricFormat format = metric_format(report, metric);
    const SampleStatistics statistics = sample_statistics(gaps);
    TableCell text = number_cell(signed_text(*statistics.mean, format));
    if (statistics.std) {
        text.spread = fixed_text(*statistics.std * format.factor, format.decimals);
    }
    return text;
}

Table gap_table(const Report& report, const std::vector<std::string>& metrics) {
    Table table;
    table.id = "routing";
    table.caption = "Scored by the expert the router chose, and by the right one";
    table.columns = {{"cell", "", true}, {metric_heading(report, kAccuracy)}};
    for (const std::string& metric : metrics) {
        table.columns.push_back({"routed", metric_heading(report, metric)});
        table.columns.push_back({"oracle", metric_heading(report, metric)});
        table.columns.push_back({"gap", metric_heading(report, metric)});
    }
    const std::vector<std::size_t> cells = shown_cells(report, main_metric(report), kMaxRows);
    for (const std::size_t index : cells) {
        const CellSummary& cell = report.summary.cells[index];
        TableRow row;
        row.cells = {{cell.info.name}, value_cell(report, cell, kAccuracy)};
        for (const std::string& metric : metrics) {
            row.cells.push_back(value_cell(report, cell, metric));
            row.cells.push_back(
                metric_cell(find_metric(cell.oracle, metric), metric_format(report, metric)));
            row.cells.push_back(gap_cell(report, cell, metric));
        }
        table.rows.push_back(std::move(row));
    }
    if (!metrics.empty()) {
        table.notes.push_back("Gap: oracle less routed, by seed.");
    }
    if (cells.size() < report.summary.cells.size()) {
        table.notes.push_back(left_out_note(cells.size(), report.summary.cells.size()));
    }
    return table;
}

/// Selected cell and baseline, class by class.
std::optional<Table> class_table(const Report& report) {
    std::vector<std::size_t> cells;
    for (const std::optional<std::size_t>& cell :
         {report.selection.cell, report_baseline(report)}) {
        if (cell && std::count(cells.begin(), cells.end(), *cell) == 0) {
            cells.push_back(*cell);
        }
    }
    Table table;
    table.id = "routing-classes";
    table.caption = metric_heading(report, kAccuracy) + " by class";
    table.columns = {{"class", "", true}};
    for (const std::size_t cell : cells) {
        table.columns.push_back({report.summary.cells[cell].info.name});
    }
    for (const std::string& class_name : report.summary.classes) {
        TableRow row;
        row.cells.push_back({class_name});
        bool any = false;
        for (const std::size_t cell : cells) {
            const auto found = report.summary.cells[cell].classes.find(class_name);
            const MetricSummary* values = found == report.summary.cells[cell].classes.end()
                                              ? nullptr
                                              : find_metric(found->second, kAccuracy);
            any = any || values != nullptr;
            row.cells.push_back(metric_cell(values, metric_format(report, kAccuracy)));
        }
        if (any) {
            table.rows.push_back(std::move(row));
        }
    }
    table.is_for_print = false;
    return table.rows.empty() ? std::nullopt : std::optional(table);
}

Table confusion_table(const CellSummary& cell) {
    const RoutingConfusion& confusion = *cell.confusion;
    const std::size_t tasks = confusion.images.size();
    Table table;
    table.id = "routing-confusion-" + id_text(cell.info.name);
    table.caption = "Images of " + cell.info.name + " by task (rows) and the task the router chose";
    table.columns = {{"task", "", true}};
    for (std::size_t chosen = 0; chosen < tasks; ++chosen) {
        table.columns.push_back({std::to_string(chosen)});
    }
    table.columns.push_back({"right"});
    for (std::size_t task = 0; task < tasks; ++task) {
        TableRow row;
        row.cells.push_back({std::to_string(task) + " " + confusion.tasks[task]});
        std::uint64_t sum = 0;
        for (const std::uint64_t count : confusion.images[task]) {
            row.cells.push_back(number_cell(count == 0 ? "·" : std::to_string(count)));
            sum += count;
        }
        const std::uint64_t right = confusion.images[task][task];
        row.cells.push_back(sum == 0
                                ? absent_cell()
                                : number_cell(fixed_text(
                                      static_cast<double>(right) / static_cast<double>(sum), 4)));
        table.rows.push_back(std::move(row));
    }
    table.notes = {"After the last task, summed over " + std::to_string(confusion.seeds) +
                   (confusion.seeds == 1 ? " seed." : " seeds.")};
    table.is_for_print = false;
    return table;
}

/// The table, or a sentence where there is nothing to see in it.
Block confusion_block(const CellSummary& cell) {
    std::uint64_t all = 0, right = 0;
    const auto& images = cell.confusion->images;
    for (std::size_t task = 0; task < images.size(); ++task) {
        for (std::size_t chosen = 0; chosen < images.size(); ++chosen) {
            all += images[task][chosen];
            right += task == chosen ? images[task][chosen] : 0;
        }
    }
    if (all == right) {
        return Paragraph{cell.info.name + ": all " + std::to_string(all) +
                         " images went to the expert of their own task."};
    }
    if (images.size() > kMaxTasks) {
        return Paragraph{cell.info.name + ": " + std::to_string(all - right) + " of " +
                         std::to_string(all) +
                         " images went to the expert of another task; a table of " +
                         std::to_string(images.size()) + " tasks is left out."};
    }
    return confusion_table(cell);
}

}  // namespace

std::optional<Section> routing_section(const Report& report) {
    const std::vector<std::string> metrics = oracle_metrics(report);
    const std::vector<std::string>& known = report.summary.metrics;
    if (metrics.empty() && std::find(known.begin(), known.end(), kAccuracy) == known.end()) {
        return std::nullopt;
    }
    Section section{"routing", "Routing", {}};
    section.blocks.emplace_back(gap_table(report, metrics));
    if (std::optional<Table> classes = class_table(report)) {
        section.blocks.emplace_back(std::move(*classes));
    }
    for (const CellSummary& cell : report.summary.cells) {
        if (cell.confusion) {
            section.blocks.emplace_back(confusion_block(cell));
        }
    }
    return section;
}

}  // namespace harrow::analysis
