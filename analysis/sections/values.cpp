#include "analysis/sections/values.hpp"

#include <algorithm>
#include <set>

#include "sweeps/metric_kind.hpp"
#include "sweeps/metric_names.hpp"

namespace harrow::analysis {
namespace {

std::vector<std::string> known_of(const Report& report, const std::set<std::string>& wanted) {
    std::vector<std::string> metrics = all_metrics(report.summary), chosen;
    for (const std::string& metric : metrics) {
        if (wanted.count(metric) != 0) {
            chosen.push_back(metric);
        }
    }
    if (chosen.empty() && !metrics.empty()) {
        chosen.push_back(metrics.front());
    }
    return chosen;
}

}  // namespace

std::vector<std::string> shown_metrics(const Report& report) {
    if (!report.compare.metrics.empty()) {
        return known_of(report, {report.compare.metrics.begin(), report.compare.metrics.end()});
    }
    return known_of(report, {"image_auroc", "pixel_auroc", "pixel_ap", report.objective.metric});
}

std::vector<std::string> key_metrics(const Report& report) {
    return known_of(report, {"image_auroc", "pixel_ap", report.objective.metric});
}

std::string main_metric(const Report& report) {
    const std::vector<std::string> metrics = all_metrics(report.summary);
    const bool is_known =
        std::find(metrics.begin(), metrics.end(), report.objective.metric) != metrics.end();
    return is_known || metrics.empty() ? report.objective.metric : metrics.front();
}

std::optional<sweeps::Goal> goal_in(const Report& report, const std::string& metric) {
    return metric == report.objective.metric ? report.objective.goal : sweeps::known_goal(metric);
}

std::optional<std::size_t> report_baseline(const Report& report) {
    return baseline_cell(report.summary, report.compare.baseline);
}

std::vector<std::size_t> shown_cells(const Report& report,
                                     const std::string& metric,
                                     std::size_t limit) {
    const std::size_t cells = report.summary.cells.size();
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < cells; ++i) {
        order.push_back(i);
    }
    if (cells <= limit) {
        return order;
    }
    std::vector<std::optional<double>> means;
    for (const CellSummary& cell : report.summary.cells) {
        means.push_back(known_mean(cell, metric));
    }
    const bool highest = goal_in(report, metric) != sweeps::Goal::Minimize;
    const std::optional<std::size_t> baseline = report_baseline(report);
    const auto is_always_shown = [&](std::size_t cell) {
        return baseline == cell || report.selection.cell == cell;
    };
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        if (is_always_shown(a) != is_always_shown(b)) {
            return is_always_shown(a);
        }
        if (means[a].has_value() != means[b].has_value()) {
            return means[a].has_value();
        }
        return means[a] && (highest ? *means[a] > *means[b] : *means[a] < *means[b]);
    });
    order.resize(limit);
    std::sort(order.begin(), order.end());
    return order;
}

std::string left_out_note(std::size_t shown, std::size_t all) {
    return shown >= all ? ""
                        : std::to_string(shown) + " of " + std::to_string(all) +
                              " cells: the baseline, the selected one and the best.";
}

TableCell value_cell(const Report& report, const CellSummary& cell, const std::string& metric) {
    const MetricFormat format = metric_format(report, metric);
    const MetricSummary* measured = find_metric(cell.metrics, metric);
    if (measured != nullptr && !measured->values.empty()) {
        return metric_cell(measured, format);
    }
    const Published* published = published_value(cell, metric);
    if (published == nullptr) {
        return absent_cell();
    }
    TableCell text = number_cell(fixed_text(published->mean * format.factor, format.decimals));
    if (published->std) {
        text.spread = fixed_text(*published->std * format.factor, format.decimals);
    }
    text.suffix = "(published)";
    return text;
}

TableCell delta_cell(const Report& report,
                     const std::string& metric,
                     const std::optional<PairedDelta>& delta) {
    if (!delta) {
        return absent_cell();
    }
    TableCell cell = number_cell(signed_text(delta->value, metric_format(report, metric)));
    if (!delta->same_seeds) {
        cell.mark = "†";
    }
    return cell;
}

std::string delta_note() {
    return "† not the same seeds: Δ is over those both have; where there are none, of the means.";
}

std::vector<std::string> metric_notes(const Report& report,
                                      const std::vector<std::string>& metrics) {
    std::vector<std::string> notes;
    const auto has = [&](const auto& matches) {
        return std::any_of(metrics.begin(), metrics.end(), matches);
    };
    if (has(sweeps::is_local_metric)) {
        std::set<std::string> deviations;
        for (const CellSummary& cell : report.summary.cells) {
            const auto found = cell.info.settings.find("score.threshold_deviations");
            if (found != cell.info.settings.end()) {
                deviations.insert(found->second);
            }
        }
        const std::string factor =
            deviations.size() == 1 ? *deviations.begin() : "score.threshold_deviations";
        notes.push_back(
            "segf1_local, classf1_local: computed here, not by MVTec AD 2's server. F1 of what is "
            "not below the mean + " +
            factor +
            " standard deviations of the scores of the normal images of the split validation.");
    }
    if (has([](const std::string& metric) { return metric.rfind("aucpro_compat", 0) == 0; })) {
        notes.emplace_back("aucpro_compat: AnomalyVFM's AUC-PRO, which is no AU-PRO.");
    }
    return notes;
}

TableCell number_cell(const std::string& text) {
    TableCell cell{text};
    cell.is_number = true;
    return cell;
}

TableCell absent_cell() {
    return {"–"};
}

std::string signed_text(double value, const MetricFormat& format) {
    const std::string text = fixed_text(value * format.factor, format.decimals);
    const bool is_zero = text.find_first_not_of("0.") == std::string::npos;
    return is_zero || text.front() == '-' ? text : "+" + text;
}

std::string p_text(const std::optional<double>& p) {
    return !p ? "–" : *p < 0.0001 ? "< 0.0001" : fixed_text(*p, 4);
}

std::string delta_heading(const Report& report, const std::string& metric) {
    return "Δ " + metric_heading(report, metric);
}

}  // namespace harrow::analysis
