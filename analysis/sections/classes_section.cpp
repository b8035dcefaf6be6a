#include <algorithm>
#include <utility>

#include "analysis/comparison/comparable.hpp"
#include "analysis/sections/sections.hpp"
#include "analysis/sections/values.hpp"

namespace harrow::analysis {
namespace {

constexpr std::size_t kMaxRows = 30;       ///< cells
constexpr std::size_t kMaxTransposed = 6;  ///< cells that fit beside each other
constexpr std::size_t kFewClasses = 8;     ///< that fit beside each other

const MetricSummary* class_values(const CellSummary& cell,
                                  const std::string& class_name,
                                  const std::string& metric) {
    const auto found = cell.classes.find(class_name);
    return found == cell.classes.end() ? nullptr : find_metric(found->second, metric);
}

std::optional<double> class_mean(const CellSummary& cell,
                                 const std::string& class_name,
                                 const std::string& metric) {
    const MetricSummary* values = class_values(cell, class_name, metric);
    return values == nullptr ? std::nullopt : values->statistics.mean;
}

/// Cells as rows; few cells with many classes as columns.
Table classes_table(const Report& report,
                    const std::string& metric,
                    const std::vector<std::size_t>& cells) {
    const MetricFormat format = metric_format(report, metric);
    const std::vector<std::string>& classes = report.summary.classes;
    const bool is_transposed = classes.size() > kFewClasses && cells.size() <= kMaxTransposed;
    Table table;
    table.id = "classes-" + id_text(metric);
    table.columns.push_back({metric_heading(report, metric), "", true});
    const auto value = [&](std::size_t cell, const std::string& class_name) {
        return metric_cell(class_values(report.summary.cells[cell], class_name, metric), format);
    };
    if (is_transposed) {
        for (const std::size_t cell : cells) {
            table.columns.push_back({report.summary.cells[cell].info.name});
        }
        for (const std::string& class_name : classes) {
            TableRow row;
            row.cells.push_back({class_name});
            for (const std::size_t cell : cells) {
                row.cells.push_back(value(cell, class_name));
            }
            table.rows.push_back(std::move(row));
        }
        table.notes = metric_notes(report, {metric});
        return table;
    }
    for (const std::string& class_name : classes) {
        table.columns.push_back({class_name});
    }
    for (const std::size_t cell : cells) {
        TableRow row;
        row.cells.push_back({report.summary.cells[cell].info.name});
        for (const std::string& class_name : classes) {
            row.cells.push_back(value(cell, class_name));
        }
        table.rows.push_back(std::move(row));
    }
    table.notes = metric_notes(report, {metric});
    if (cells.size() < report.summary.cells.size()) {
        table.notes.push_back(left_out_note(cells.size(), report.summary.cells.size()));
    }
    return table;
}

/// Each cell's classes by mean, best first.
std::vector<std::pair<std::string, double>> sorted_classes(const Report& report,
                                                           const CellSummary& cell,
                                                           const std::string& metric) {
    std::vector<std::pair<std::string, double>> values;
    for (const std::string& class_name : report.summary.classes) {
        const std::optional<double> mean = class_mean(cell, class_name, metric);
        if (mean) {
            values.emplace_back(class_name, *mean);
        }
    }
    const bool highest = goal_in(report, metric) != sweeps::Goal::Minimize;
    std::stable_sort(values.begin(), values.end(), [&](const auto& a, const auto& b) {
        return highest ? a.second > b.second : a.second < b.second;
    });
    return values;
}

Table extremes_table(const Report& report,
                     const std::string& metric,
                     const std::vector<std::size_t>& cells) {
    const MetricFormat format = metric_format(report, metric);
    Table table;
    table.id = "class-extremes-" + id_text(metric);
    table.caption = "Best and worst class of each cell, " + metric_heading(report, metric);
    table.columns = {{"cell", "", true},
                     {"best", "", true},
                     {"value"},
                     {"worst", "", true},
                     {"value"},
                     {"best − worst"}};
    table.is_for_print = false;
    for (const std::size_t index : cells) {
        const CellSummary& cell = report.summary.cells[index];
        const auto values = sorted_classes(report, cell, metric);
        if (values.size() < 2) {
            continue;
        }
        const auto& [best, high] = values.front();
        const auto& [worst, low] = values.back();
        TableRow row;
        row.cells = {{cell.info.name},
                     {best},
                     metric_cell(class_values(cell, best, metric), format),
                     {worst},
                     metric_cell(class_values(cell, worst, metric), format),
                     number_cell(fixed_text((high - low) * format.factor, format.decimals))};
        table.rows.push_back(std::move(row));
    }
    if (cells.size() < report.summary.cells.size()) {
        table.notes.push_back(left_out_note(cells.size(), report.summary.cells.size()));
    }
    return table;
}

/// What all cells that can be compared know of one class.
struct ClassRecord {
    std::string name;
    SampleStatistics over_cells;  ///< of the cells' means
    std::size_t best_cell = 0;
    double best = 0;
};

std::vector<ClassRecord> hardest_first(const Report& report, const std::string& metric) {
    const bool highest = goal_in(report, metric) != sweeps::Goal::Minimize;
    const std::vector<std::size_t> cells =
        comparable_cells(report.summary, metric, report.compare).cells;
    std::vector<ClassRecord> records;
    for (const std::string& class_name : report.summary.classes) {
        ClassRecord record{class_name, {}, 0, 0};
        std::vector<double> means;
        for (const std::size_t i : cells) {
            const auto mean = class_mean(report.summary.cells[i], class_name, metric);
            if (!mean) {
                continue;
            }
            if (means.empty() || (highest ? *mean > record.best : *mean < record.best)) {
                record.best = *mean;
                record.best_cell = i;
            }
            means.push_back(*mean);
        }
        record.over_cells = sample_statistics(means);
        if (!means.empty()) {
            records.push_back(std::move(record));
        }
    }
    std::stable_sort(
        records.begin(), records.end(), [&](const ClassRecord& a, const ClassRecord& b) {
            return highest ? *a.over_cells.mean < *b.over_cells.mean
                           : *a.over_cells.mean > *b.over_cells.mean;
        });
    return records;
}

/// The selected cell's gain over the baseline in one class.
void add_gain(const Report& report,
              const std::string& class_name,
              const std::string& metric,
              TableRow& row) {
    const CellSummary& selected = report.summary.cells[*report.selection.cell];
    const CellSummary& baseline = report.summary.cells[*report_baseline(report)];
    const MetricFormat format = metric_format(report, metric);
    const MetricSummary* x = class_values(selected, class_name, metric);
    const MetricSummary* y = class_values(baseline, class_name, metric);
    row.cells.push_back(metric_cell(y, format));
    row.cells.push_back(metric_cell(x, format));
    if (x == nullptr || y == nullptr) {
        row.cells.push_back(absent_cell());
        return;
    }
    CellSummary a, b;  // of the class alone
    a.metrics[metric] = *x;
    b.metrics[metric] = *y;
    row.cells.push_back(delta_cell(report, metric, paired_delta(a, b, metric)));
}

Table hardest_table(const Report& report, const std::string& metric) {
    const MetricFormat format = metric_format(report, metric);
    const std::optional<std::size_t> baseline = report_baseline(report);
    const bool has_gain = baseline && report.selection.cell && *baseline != *report.selection.cell;
    Table table;
    table.id = "class-hardest-" + id_text(metric);
    table.caption = "Classes, hardest first, " + metric_heading(report, metric);
    table.columns = {
        {"class", "", true}, {"mean over cells"}, {"best cell", "", true}, {"its value"}};
    table.is_for_print = false;
    if (has_gain) {
        table.columns.push_back({report.summary.cells[*baseline].info.name, "baseline"});
        table.columns.push_back(
            {report.summary.cells[*report.selection.cell].info.name, "selected"});
        table.columns.push_back({delta_heading(report, metric)});
    }
    bool other_seeds = false;
    for (const ClassRecord& record : hardest_first(report, metric)) {
        MetricSummary over;
        over.statistics = record.over_cells;
        TableRow row;
        row.cells = {{record.name},
                     metric_cell(&over, format),
                     {report.summary.cells[record.best_cell].info.name},
                     number_cell(fixed_text(record.best * format.factor, format.decimals))};
        if (has_gain) {
            add_gain(report, record.name, metric, row);
            other_seeds = other_seeds || row.cells.back().mark == "†";
        }
        table.rows.push_back(std::move(row));
    }
    table.notes.push_back("Mean ± sample standard deviation (cells) of the means over seeds.");
    table.notes.push_back(
        "Of the cells that are ranked with each other: equal data, unit and seeds.");
    if (other_seeds) {
        table.notes.push_back(delta_note());
    }
    return table;
}

bool has_class_values(const Report& report, const std::string& metric) {
    const auto& cells = report.summary.cells;
    return std::any_of(cells.begin(), cells.end(), [&](const CellSummary& cell) {
        return std::any_of(cell.classes.begin(), cell.classes.end(), [&](const auto& entry) {
            return find_metric(entry.second, metric) != nullptr;
        });
    });
}

}  // namespace

std::optional<Section> classes_section(const Report& report) {
    if (report.summary.classes.empty()) {
        return std::nullopt;
    }
    const bool many = report.summary.classes.size() > 1;
    Section section{"classes", "Classes", {}};
    for (const std::string& metric : key_metrics(report)) {
        if (is_continual(metric) || !has_class_values(report, metric)) {
            continue;
        }
        const std::vector<std::size_t> cells = shown_cells(report, metric, kMaxRows);
        section.blocks.emplace_back(classes_table(report, metric, cells));
        if (many) {
            section.blocks.emplace_back(extremes_table(report, metric, cells));
            section.blocks.emplace_back(hardest_table(report, metric));
        }
    }
    return section.blocks.empty() ? std::nullopt : std::optional(section);
}

}  // namespace harrow::analysis
