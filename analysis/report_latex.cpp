#include "analysis/report_latex.hpp"

#include <algorithm>
#include <iterator>
#include <vector>

namespace harrow::analysis {
namespace {

std::string escaped(const std::string& text) {
    std::string result;
    for (const char c : text) {
        switch (c) {
            case '&':
            case '%':
            case '$':
            case '#':
            case '_':
            case '{':
            case '}':
                result += '\\';
                result += c;
                break;
            case '\\':
                result += "\\textbackslash{}";
                break;
            case '~':
                result += "\\textasciitilde{}";
                break;
            case '^':
                result += "\\textasciicircum{}";
                break;
            case '<':
                result += "\\textless{}";
                break;
            case '>':
                result += "\\textgreater{}";
                break;
            case '\n':
            case '\r':
                result += ' ';
                break;
            default:
                result += c;
        }
    }
    return result;
}

std::string math(const MetricSummary* summary, const MetricFormat& format, bool is_best) {
    if (summary == nullptr || !summary->statistics.mean) {
        return "--";
    }
    std::string text = fixed_text(*summary->statistics.mean * format.factor, format.decimals);
    if (summary->statistics.std) {
        text += " \\pm " + fixed_text(*summary->statistics.std * format.factor, format.decimals);
    }
    return is_best ? "$\\mathbf{" + text + "}$" : "$" + text + "$";
}

std::string seeds_text(const CellSummary& cell) {
    std::string text = std::to_string(cell.finished.size());
    return cell.missing.empty() ? text : text + "/" + std::to_string(cell.info.seeds.size());
}

}  // namespace

std::string latex_report(const Report& report) {
    std::vector<std::string> metrics;
    std::copy_if(report.summary.metrics.begin(),
                 report.summary.metrics.end(),
                 std::back_inserter(metrics),
                 [](const std::string& metric) { return !is_continual(metric); });
    std::string text = "% " + escaped(report.name) +
                       ": mean \\pm sample standard deviation over n seeds; booktabs\n";
    text +=
        "\\begin{tabular}{l" + std::string(metrics.size() + 1, 'r') + "}\n\\toprule\ncell & $n$";
    for (const std::string& metric : metrics) {
        text += " & " + escaped(metric_heading(report, metric));
    }
    text += " \\\\\n\\midrule\n";
    for (std::size_t i = 0; i < report.summary.cells.size(); ++i) {
        const CellSummary& cell = report.summary.cells[i];
        text += escaped(cell.info.label.empty() ? cell.info.name : cell.info.label) + " & " +
                seeds_text(cell);
        for (const std::string& metric : metrics) {
            const bool is_best = report.selection.cell == i && metric == report.objective.metric;
            text += " & " +
                    math(find_metric(cell.metrics, metric), metric_format(report, metric), is_best);
        }
        text += " \\\\\n";
    }
    return text + "\\bottomrule\n\\end{tabular}\n";
}

}  // namespace harrow::analysis
