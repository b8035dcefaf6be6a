#include "analysis/report_markdown.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>
#include <vector>

#include "analysis/table.hpp"

namespace harrow::analysis {
namespace {

/// Cells × metrics, with the objective's value of the selected cell in bold.
std::string metrics_table(const Report& report, const std::vector<std::string>& metrics) {
    TextTable table;
    table.header.emplace_back("cell");
    for (const std::string& metric : metrics) {
        table.header.push_back(metric_heading(report, metric));
    }
    for (std::size_t i = 0; i < report.summary.cells.size(); ++i) {
        const CellSummary& cell = report.summary.cells[i];
        std::vector<std::string> row = {cell.info.name};
        for (const std::string& metric : metrics) {
            const std::string text =
                mean_std_text(find_metric(cell.metrics, metric), metric_format(report, metric));
            const bool is_best = report.selection.cell == i && metric == report.objective.metric;
            row.push_back(is_best ? "**" + text + "**" : text);
        }
        table.rows.push_back(std::move(row));
    }
    return markdown_table(table);
}

std::string classes_table(const Report& report, const std::string& metric) {
    const MetricFormat format = metric_format(report, metric);
    TextTable table;
    table.header.push_back(metric_heading(report, metric));
    table.header.insert(
        table.header.end(), report.summary.classes.begin(), report.summary.classes.end());
    for (const CellSummary& cell : report.summary.cells) {
        std::vector<std::string> row = {cell.info.name};
        for (const std::string& class_name : report.summary.classes) {
            const auto found = cell.classes.find(class_name);
            row.push_back(mean_std_text(
                found == cell.classes.end() ? nullptr : find_metric(found->second, metric),
                format));
        }
        table.rows.push_back(std::move(row));
    }
    return markdown_table(table);
}

bool is_shown_base(const Report& report, const std::string& metric) {
    const std::string objective = report.objective.metric;
    return metric == "image_auroc" || metric == "pixel_ap" ||
           metric == objective.substr(0, objective.find('.'));
}

std::string continual_tables(const Report& report) {
    std::string text;
    for (const std::string& base : report.summary.metrics) {
        if (is_continual(base) || !is_shown_base(report, base)) {
            continue;
        }
        std::vector<std::string> metrics;
        for (const std::string& metric : report.summary.metrics) {
            if (metric.rfind(base + ".", 0) == 0) {
                metrics.push_back(metric);
            }
        }
        if (!metrics.empty()) {
            text += "\n" + metrics_table(report, metrics);
        }
    }
    return text.empty() ? text : "\n## Over the sequence\n" + text;
}

std::string class_tables(const Report& report) {
    std::string text;
    for (const std::string& metric : report.summary.metrics) {
        const bool is_shown = metric == "image_auroc" || metric == "pixel_ap";
        if (is_shown && !report.summary.classes.empty()) {
            text += "\n" + classes_table(report, metric);
        }
    }
    return text.empty() ? text : "\n## Classes\n" + text;
}

using Ledger = std::map<std::pair<std::string, std::string>,                 // state, reason
                        std::map<std::string, std::vector<std::uint64_t>>>;  // cell name -> seeds

Ledger make_ledger(const Summary& summary) {
    Ledger ledger;
    for (const CellSummary& cell : summary.cells) {
        std::vector<std::uint64_t> unexplained = cell.missing;
        for (const TrialNote& note : summary.notes) {
            if (note.cell != cell.info.id) {
                continue;
            }
            ledger[{note.state, note.reason}][cell.info.name].push_back(note.seed);
            unexplained.erase(std::remove(unexplained.begin(), unexplained.end(), note.seed),
                              unexplained.end());
        }
        if (!unexplained.empty()) {
            ledger[{"missing", "no result yet"}][cell.info.name] = unexplained;
        }
    }
    return ledger;
}

std::string ledger_text(const Summary& summary) {
    TextTable table{{"state", "trials", "reason"}, {}, true};
    for (const auto& [what, cells] : make_ledger(summary)) {
        std::string trials;
        for (const auto& [name, seeds] : cells) {
            trials += (trials.empty() ? "" : "; ") + name + ":";
            for (const std::uint64_t seed : seeds) {
                trials += " " + std::to_string(seed);
            }
        }
        table.rows.push_back({what.first, trials, what.second});
    }
    return "\n## Missing and failed\n\n" +
           (table.rows.empty() ? "Nothing: every trial finished and every value is defined.\n"
                               : markdown_table(table));
}

}  // namespace

std::string markdown_report(const Report& report) {
    const Summary& summary = report.summary;
    std::size_t finished = 0, expected = 0;
    for (const CellSummary& cell : summary.cells) {
        finished += cell.finished.size();
        expected += cell.info.seeds.size();
    }
    std::vector<std::string> metrics;
    std::copy_if(summary.metrics.begin(),
                 summary.metrics.end(),
                 std::back_inserter(metrics),
                 [](const std::string& metric) { return !is_continual(metric); });
    std::string text = "# " + report.name + "\n\n" + std::to_string(finished) + " of " +
                       std::to_string(expected) +
                       " trials finished. Values: mean ± sample standard "
                       "deviation (number of seeds) of the mean over classes after the last task, "
                       "each image scored by the expert its router chose.\n\n";
    text += metrics_table(report, metrics);
    text += "\n" + best_text(report) + "\n";
    return text + continual_tables(report) + class_tables(report) + ledger_text(summary);
}

}  // namespace harrow::analysis
