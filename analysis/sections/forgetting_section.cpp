#include <algorithm>
#include <utility>

#include "analysis/sections/sections.hpp"
#include "analysis/sections/values.hpp"

namespace harrow::analysis {
namespace {

constexpr std::size_t kMaxStages = 20;  ///< rows of a matrix
constexpr std::size_t kMaxClasses = 30;

/// The selected cell, then the baseline.
std::vector<std::size_t> cells_in_question(const Report& report) {
    std::vector<std::size_t> cells;
    if (report.selection.cell) {
        cells.push_back(*report.selection.cell);
    }
    const std::optional<std::size_t> baseline = report_baseline(report);
    if (baseline && report.selection.cell != baseline) {
        cells.push_back(*baseline);
    }
    if (cells.empty() && !report.summary.cells.empty()) {
        cells.push_back(0);
    }
    return cells;
}

/// image_auroc and the objective's basic metric.
std::vector<std::string> matrix_metrics(const Report& report) {
    std::vector<std::string> metrics = {"image_auroc"};
    const std::string objective = main_metric(report);
    const std::string base = objective.substr(0, objective.find('.'));
    if (base != metrics.front()) {
        metrics.push_back(base);
    }
    return metrics;
}

/// The mean of a class after each stage from its own on.
std::vector<std::optional<double>> course(const SequenceMatrix& matrix, std::size_t column) {
    std::vector<std::optional<double>> values;
    for (const std::vector<SampleStatistics>& row : matrix.values) {
        values.push_back(row[column].mean);
    }
    return values;
}

struct Changes {
    std::optional<double> forgotten;  ///< best stage less the last
    std::optional<double> backward;   ///< last stage less the class's own; absent for the last task
};

Changes changes_of(const SequenceMatrix& matrix, std::size_t column, bool higher_is_better) {
    const std::vector<std::optional<double>> values = course(matrix, column);
    Changes changes;
    if (values.empty() || !values.back()) {
        return changes;
    }
    double best = *values.back();
    for (const std::optional<double>& value : values) {
        if (value) {
            best = higher_is_better ? std::max(best, *value) : std::min(best, *value);
        }
    }
    changes.forgotten = higher_is_better ? best - *values.back() : *values.back() - best;
    const auto task = static_cast<std::size_t>(matrix.tasks[column]);
    if (task + 1 < values.size() && values[task]) {
        changes.backward = *values.back() - *values[task];
    }
    return changes;
}

TableCell mean_cell(const std::optional<double>& value, const MetricFormat& format) {
    return value ? number_cell(fixed_text(*value * format.factor, format.decimals)) : TableCell{""};
}

void add_stages(const SequenceMatrix& matrix,
                std::size_t classes,
                const MetricFormat& format,
                Table& table) {
    const std::size_t stages = matrix.values.size();
    const std::size_t first = stages > kMaxStages ? stages - kMaxStages : 0;
    for (std::size_t stage = first; stage < stages; ++stage) {
        TableRow row;
        row.cells.push_back({std::to_string(stage)});
        for (std::size_t column = 0; column < classes; ++column) {
            row.cells.push_back(mean_cell(matrix.values[stage][column].mean, format));
        }
        row.cells.push_back(mean_cell(matrix.means[stage].mean, format));
        table.rows.push_back(std::move(row));
    }
    if (first > 0) {
        table.notes.push_back("The last " + std::to_string(kMaxStages) + " of " +
                              std::to_string(stages) + " stages; all are in the CSV.");
    }
}

void add_changes(const SequenceMatrix& matrix,
                 std::size_t classes,
                 bool higher_is_better,
                 const MetricFormat& format,
                 Table& table) {
    TableRow forgotten, backward;
    forgotten.rule_above = true;
    forgotten.cells = {{"forgotten"}};
    backward.cells = {{"last − own task"}};
    double sum = 0;
    std::size_t count = 0;
    for (std::size_t column = 0; column < matrix.classes.size(); ++column) {
        const Changes changes = changes_of(matrix, column, higher_is_better);
        if (changes.backward) {
            sum += *changes.backward;
            ++count;
        }
        if (column < classes) {
            forgotten.cells.push_back(mean_cell(changes.forgotten, format));
            backward.cells.push_back(changes.backward
                                         ? number_cell(signed_text(*changes.backward, format))
                                         : TableCell{""});
        }
    }
    forgotten.cells.push_back({""});
    backward.cells.push_back(
        count > 0 ? number_cell(signed_text(sum / static_cast<double>(count), format))
                  : TableCell{""});
    table.rows.push_back(std::move(forgotten));
    table.rows.push_back(std::move(backward));
}

Table matrix_table(const Report& report, const CellSummary& cell, const std::string& metric) {
    const SequenceMatrix& matrix = cell.sequences.at(metric);
    const MetricFormat format = metric_format(report, metric);
    const std::size_t classes = std::min(kMaxClasses, matrix.classes.size());
    Table table;
    table.id = "forgetting-" + id_text(metric) + "-" + id_text(cell.info.name);
    table.caption = metric_heading(report, metric) + " of " + cell.info.name +
                    " after each task, means over seeds";
    table.columns = {{"after task", "", true}};
    for (std::size_t column = 0; column < classes; ++column) {
        table.columns.push_back({matrix.classes[column]});
    }
    table.columns.push_back({"mean"});
    table.is_for_print = false;
    add_stages(matrix, classes, format, table);
    add_changes(matrix, classes, goal_in(report, metric) != sweeps::Goal::Minimize, format, table);
    if (classes < matrix.classes.size()) {
        table.notes.push_back("The first " + std::to_string(kMaxClasses) + " of " +
                              std::to_string(matrix.classes.size()) +
                              " classes; all are in the CSV.");
    }
    table.notes.push_back(
        "Forgotten: the best stage of the class less the last one. Last − own "
        "task: its mean over classes of earlier tasks is BWT by classes.");
    return table;
}

/// What the rows say per seed, which the matrix of means cannot.
std::string measured_text(const Report& report,
                          const CellSummary& cell,
                          const std::string& metric) {
    std::string text;
    const auto add = [&](const std::string& what, const MetricSummary* values) {
        if (values != nullptr && values->statistics.mean) {
            text += (text.empty() ? "" : "; ") + what + " " +
                    mean_std_text(values, metric_format(report, metric));
        }
    };
    add("measured per seed, forgetting", find_metric(cell.metrics, metric + ".fm"));
    add("backward transfer", find_metric(cell.metrics, metric + ".bwt"));
    add("after the last task, routed", find_metric(cell.metrics, metric));
    add("by the right expert", find_metric(cell.oracle, metric));
    return text.empty() ? "" : cell.info.name + ", " + metric + ": " + text + ".";
}

}  // namespace

std::optional<Section> forgetting_section(const Report& report) {
    Section section{"forgetting", "Forgetting", {}};
    for (const std::string& metric : matrix_metrics(report)) {
        for (const std::size_t index : cells_in_question(report)) {
            const CellSummary& cell = report.summary.cells[index];
            const auto found = cell.sequences.find(metric);
            if (found == cell.sequences.end() || found->second.values.size() < 2) {
                continue;
            }
            section.blocks.emplace_back(matrix_table(report, cell, metric));
            std::string text = measured_text(report, cell, metric);
            if (!text.empty()) {
                section.blocks.emplace_back(Paragraph{std::move(text)});
            }
        }
    }
    return section.blocks.empty() ? std::nullopt : std::optional(section);
}

}  // namespace harrow::analysis
