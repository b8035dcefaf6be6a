#include <algorithm>
#include <set>
#include <utility>

#include "analysis/sections/sections.hpp"
#include "analysis/sections/values.hpp"

namespace harrow::analysis {
namespace {

constexpr std::size_t kMaxRows = 30;
constexpr double kMebibyte = 1024.0 * 1024.0;

using Member = std::optional<double> TrialCost::*;

struct CostColumn {
    const char* heading;
    Member member;
    double unit;
    int decimals;
};

const std::vector<CostColumn>& cost_columns() {
    static const std::vector<CostColumn> columns = {
        {"training (s)", &TrialCost::training_seconds, 1, 1},
        {"scoring (s)", &TrialCost::scoring_seconds, 1, 1},
        {"peak memory (MiB)", &TrialCost::peak_rss_bytes, kMebibyte, 0},
        {"peak GPU memory (MiB)", &TrialCost::peak_device_bytes, kMebibyte, 0},
        {"features (MiB)", &TrialCost::feature_bytes, kMebibyte, 0}};
    return columns;
}

std::vector<double> values_of(const CellSummary& cell, Member member) {
    std::vector<double> values;
    for (const auto& [seed, cost] : cell.costs) {
        if (cost.*member) {
            values.push_back(*(cost.*member));
        }
    }
    return values;
}

TableCell mean_cell(std::vector<double> values, double unit, int decimals) {
    if (values.empty()) {
        return absent_cell();
    }
    MetricSummary summary;
    for (double& value : values) {
        value /= unit;
    }
    summary.statistics = sample_statistics(values);
    return metric_cell(&summary, {decimals, 1});
}

/// Of the first seed that has them: "1234 + 567 a task", or the list.
std::string parameters_text(const CellSummary& cell) {
    for (const auto& [seed, cost] : cell.costs) {
        const std::vector<double>& tasks = cost.parameters;
        if (tasks.empty()) {
            continue;
        }
        std::string text = fixed_text(tasks.front(), 0);
        const bool later_equal =
            std::all_of(tasks.begin() + 1, tasks.end(), [&](double n) { return n == tasks[1]; });
        if (tasks.size() > 1 && later_equal) {
            return text + " + " + std::to_string(tasks.size() - 1) + " × " +
                   fixed_text(tasks[1], 0);
        }
        for (std::size_t i = 1; i < tasks.size(); ++i) {
            text += " + " + fixed_text(tasks[i], 0);
        }
        return text;
    }
    return "–";
}

bool has(const Report& report, Member member) {
    return std::any_of(report.summary.cells.begin(),
                       report.summary.cells.end(),
                       [&](const auto& cell) { return !values_of(cell, member).empty(); });
}

std::string hours(double seconds) {
    return fixed_text(seconds / 3600, 2) + " slot hours";
}

/// Trainings that several trials share count once.
std::string totals_text(const Report& report) {
    double training = 0, scoring = 0;
    std::size_t trials = 0;
    std::set<std::string> counted;
    for (const CellSummary& cell : report.summary.cells) {
        for (const auto& [seed, cost] : cell.costs) {
            const bool is_new = cost.training.empty() || counted.insert(cost.training).second;
            training += is_new ? cost.training_seconds.value_or(0) : 0;
            scoring += cost.scoring_seconds.value_or(0);
            ++trials;
        }
    }
    std::string text = "In all " + hours(training) + " of training";
    if (has(report, &TrialCost::scoring_seconds)) {
        text += " and " + hours(scoring) + " of scoring";
    }
    text += " for " + std::to_string(trials) + " trials";
    if (!counted.empty()) {
        text += ", from " + std::to_string(counted.size()) +
                (counted.size() == 1 ? " training" : " trainings");
    }
    return text +
           ". A slot is a GPU, a share of one, or CPU threads; attempts that failed are not "
           "counted.";
}

}  // namespace

std::optional<Section> cost_section(const Report& report) {
    std::vector<CostColumn> columns;
    for (const CostColumn& column : cost_columns()) {
        if (has(report, column.member)) {
            columns.push_back(column);
        }
    }
    const bool has_parameters = std::any_of(
        report.summary.cells.begin(), report.summary.cells.end(), [](const CellSummary& cell) {
            return parameters_text(cell) != "–";
        });
    if (columns.empty() && !has_parameters) {
        return std::nullopt;
    }
    Table table;
    table.id = "cost";
    table.columns = {{"cell", "", true}};
    for (const CostColumn& column : columns) {
        table.columns.push_back({column.heading});
    }
    if (has_parameters) {
        table.columns.push_back({"trained parameters by task"});
    }
    const std::vector<std::size_t> shown = shown_cells(report, main_metric(report), kMaxRows);
    for (const std::size_t index : shown) {
        const CellSummary& cell = report.summary.cells[index];
        TableRow row;
        row.cells.push_back({cell.info.name});
        for (const CostColumn& column : columns) {
            row.cells.push_back(
                mean_cell(values_of(cell, column.member), column.unit, column.decimals));
        }
        if (has_parameters) {
            row.cells.push_back(number_cell(parameters_text(cell)));
        }
        table.rows.push_back(std::move(row));
    }
    table.notes = {
        "Mean ± sample standard deviation (trials). Trials that share a training each "
        "show all of its seconds."};
    if (shown.size() < report.summary.cells.size()) {
        table.notes.push_back(left_out_note(shown.size(), report.summary.cells.size()));
    }
    Section section{"cost", "Costs", {}};
    section.blocks.emplace_back(std::move(table));
    section.blocks.emplace_back(Paragraph{totals_text(report)});
    return section;
}

}  // namespace harrow::analysis
