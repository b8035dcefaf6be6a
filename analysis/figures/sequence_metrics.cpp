#include "analysis/figures/sequence_metrics.hpp"

#include <algorithm>

#include "analysis/figures/plot_script.hpp"

namespace harrow::analysis {

std::vector<std::string> drawn_sequence_metrics(const Report& report) {
    const std::string objective =
        report.objective.metric.substr(0, report.objective.metric.find('.'));
    std::vector<std::string> metrics;
    for (const std::string& metric : report.summary.metrics) {
        const bool is_drawn =
            metric == objective || metric == "image_auroc" || metric == "pixel_ap";
        if (is_drawn && !cells_with_sequence(report, metric).empty()) {
            metrics.push_back(metric);
        }
    }
    return metrics;
}

std::vector<std::size_t> cells_with_sequence(const Report& report, const std::string& metric) {
    std::vector<std::size_t> cells = ranked_cells(report, report.objective.metric);
    std::vector<bool> is_ranked(report.summary.cells.size(), false);
    for (const std::size_t cell : cells) {
        is_ranked[cell] = true;
    }
    for (std::size_t i = 0; i < is_ranked.size(); ++i) {
        if (!is_ranked[i]) {
            cells.push_back(i);
        }
    }
    const auto has_none = [&](std::size_t cell) {
        const auto& sequences = report.summary.cells[cell].sequences;
        const auto found = sequences.find(metric);
        return found == sequences.end() || std::count_if(found->second.means.begin(),
                                                         found->second.means.end(),
                                                         [](const SampleStatistics& task) {
                                                             return task.mean.has_value();
                                                         }) < 2;
    };
    cells.erase(std::remove_if(cells.begin(), cells.end(), has_none), cells.end());
    return cells;
}

}  // namespace harrow::analysis
