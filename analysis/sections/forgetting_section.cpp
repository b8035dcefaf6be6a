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
                              std::to_string(stages) + " stages; results.csv has all.");
    }
}

void add_changes(const SequenceMatrix& matrix,
                 std::size_t classes,
                 const std::optional<sweeps::Goal>& goal,
                 const MetricFormat& format,
                 Table& table) {
    const auto signed_cell = [&](const std::optional<double>& value) {
        return value ? number_cell(signed_text(*value, format)) : TableCell{""};
    };
    TableRow forgotten, backward;
    forgotten.rule_above = goal.has_value();
    backward.rule_above = !goal;
    forgotten.cells = {{"forgotten"}};
    backward.cells = {{"last − own task"}};
    for (std::size_t column = 0; column < classes; ++column) {
        const SequenceMatrix::Change& change = matrix.changes[column];
        forgotten.cells.push_back(mean_cell(
            goal == sweeps::Goal::Minimize ? change.above_lowest.mean : change.below_highest.mean,
            format));
        backward.cells.push_back(signed_cell(change.backward.mean));
    }
    forgotten.cells.push_back({""});
    backward.cells.push_back(signed_cell(matrix.mean_backward.mean));
    if (goal) {
        table.rows.push_back(std::move(forgotten));
    }
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
    const std::optional<sweeps::Goal> goal = goal_in(report, metric);
    add_changes(matrix, classes, goal, format, table);
    if (classes < matrix.classes.size()) {
        table.notes.push_back("The first " + std::to_string(kMaxClasses) + " of " +
                              std::to_string(matrix.classes.size()) +
                              " classes; results.csv has all.");
    }
    table.notes.push_back(
        std::string(goal ? "Forgotten: the best stage of the class less the last one. " : "") +
        "Last − own task: its mean over classes of earlier tasks is BWT by classes. Both are "
        "taken seed by seed.");
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
