#include "analysis/report.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <set>
#include <utility>

namespace harrow::analysis {
namespace {

std::string constraints_text(const Report& report) {
    std::string text;
    for (const std::string& constraint : report.objective.subject_to) {
        text += (text.empty() ? " under " : " and ") + constraint;
    }
    return text;
}

/// Of those asked for, else of what sections show class by class.
std::vector<std::string> class_metrics(const Report& report) {
    const std::vector<std::string>& asked = report.compare.metrics;
    const std::set<std::string> wanted =
        asked.empty() ? std::set<std::string>{"image_auroc", "pixel_ap", report.objective.metric}
                      : std::set<std::string>(asked.begin(), asked.end());
    std::vector<std::string> metrics = all_metrics(report.summary);
    metrics.erase(std::remove_if(metrics.begin(),
                                 metrics.end(),
                                 [&](const std::string& metric) {
                                     return wanted.count(metric) == 0 || is_continual(metric);
                                 }),
                  metrics.end());
    return metrics;
}

}  // namespace

Report make_report(std::string name, sweeps::Objective objective, Summary summary, bool percent) {
    Selection selection = select_best(summary, objective);
    Units units(summary);
    return {std::move(name),
            std::move(objective),
            std::move(summary),
            std::move(selection),
            percent,
            std::move(units)};
}

void compare_report(Report& report, ComparisonOptions options) {
    report.comparisons = compare_cells(report.summary, options);
    report.compare = std::move(options);
    report.class_comparisons.clear();
    if (!report.compare.baseline.empty() && report.summary.classes.size() > 1) {
        for (const std::string& metric : class_metrics(report)) {
            if (auto of_classes = compare_classes(report.summary, report.compare, metric)) {
                report.class_comparisons.push_back(std::move(*of_classes));
            }
        }
    }
    report.selection =
        select_best(report.summary, report.objective, {report.compare.test, report.compare.alpha});
}

MetricFormat metric_format(const Report& report, const std::string& metric) {
    if (report.units.are_mixed(metric)) {
        return {4, 1};
    }
    if (!report.units.are_fractions(metric)) {
        return {2, 1};
    }
    return report.percent ? MetricFormat{2, 100} : MetricFormat{4, 1};
}

std::string fixed_text(double value, int decimals) {
    std::array<char, 400> buffer{};  // 309 digits of the largest double, point, decimals
    const auto end = std::to_chars(
        buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::fixed, decimals);
    std::string text(buffer.data(), end.ptr);
    if (text.front() == '-' && text.find_first_not_of("-0.") == std::string::npos) {
        text.erase(0, 1);
    }
    return text;
}

std::string mean_std_text(const MetricSummary* summary, const MetricFormat& format) {
    const TableCell cell = metric_cell(summary, format);
    return cell.text + (cell.spread.empty() ? "" : " ± " + cell.spread) +
           (cell.suffix.empty() ? "" : " " + cell.suffix);
}

TableCell metric_cell(const MetricSummary* summary, const MetricFormat& format) {
    TableCell cell{"–"};
    if (summary == nullptr || !summary->statistics.mean) {
        return cell;
    }
    const SampleStatistics& statistics = summary->statistics;
    cell.is_number = true;
    cell.text = fixed_text(*statistics.mean * format.factor, format.decimals);
    if (statistics.std) {
        cell.spread = fixed_text(*statistics.std * format.factor, format.decimals);
    }
    cell.suffix = "(" + std::to_string(statistics.n) + ")";
    return cell;
}

const MetricSummary* find_metric(const MetricTable& table, const std::string& metric) {
    const auto found = table.find(metric);
    return found == table.end() ? nullptr : &found->second;
}

bool is_continual(const std::string& metric) {
    return metric.find('.') != std::string::npos;
}

std::string metric_heading(const Report& report, const std::string& metric) {
    return metric + (metric_format(report, metric).factor == 100 ? " (%)" : "");
}

std::string id_text(const std::string& name) {
    std::string id;
    for (const char c : name) {
        const bool is_kept = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        id += is_kept ? c : c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : '-';
    }
    return id;
}

std::string best_text(const Report& report) {
    const Selection& selection = report.selection;
    if (!selection.cell) {
        return "No best cell: " + selection.why_none + ".";
    }
    const CellSummary& cell = report.summary.cells[*selection.cell];
    const std::string& metric = report.objective.metric;
    const MetricSummary& values = *find_metric(cell.metrics, metric);
    const bool is_highest = report.objective.goal == sweeps::Goal::Maximize;
    std::string text = std::string("Best cell by ") + (is_highest ? "highest " : "lowest ") +
                       metric_heading(report, metric) + constraints_text(report) + ": " +
                       cell.info.name + ", " +
                       mean_std_text(&values, metric_format(report, metric));
    if (!values.missing.empty()) {
        text += " of " + std::to_string(values.statistics.n + values.missing.size()) + " seeds";
    }
    const std::string configurations =
        std::to_string(selection.compared) +
        (selection.compared == 1 ? " configuration" : " configurations");
    text += selection.is_oracle() ? ". " + selection.stamp() + ": selected on the test data"
                                  : ". Selected on " + selection.selected_on + " among " +
                                        configurations + ", without test data";
    if (selection.refused > 0) {
        text += "; " + std::to_string(selection.refused) + " of these " +
                (selection.refused == 1 ? "breaks" : "break") + " a constraint";
    }
    return text + ".";
}

std::string value_text(const Report& report,
                       const std::string& metric,
                       double value,
                       bool is_signed) {
    const MetricFormat format = metric_format(report, metric);
    const std::string text = fixed_text(value * format.factor, format.decimals);
    return (is_signed && text.front() != '-' ? "+" : "") + text;
}

}  // namespace harrow::analysis
