#include <algorithm>

#include "analysis/figures/figures.hpp"
#include "analysis/figures/plot_script.hpp"
#include "analysis/figures/svg.hpp"

namespace harrow::analysis {
namespace {

constexpr std::size_t kMaxCells = 30;

struct Lines {
    std::string tics;
    std::vector<std::string> seeds, intervals, means;
};

void add_cell(const CellSummary& cell,
              const MetricSummary& values,
              const MetricFormat& format,
              std::size_t position,
              Lines& lines) {
    const std::string at = std::to_string(position);
    const SampleStatistics& statistics = values.statistics;
    lines.tics += (lines.tics.empty() ? "" : ", ") + tic_text(cell.info.name, 36) + " " + at;
    for (const auto& [seed, value] : values.values) {
        lines.seeds.push_back(plot_number(value * format.factor) + " " + at);
    }
    if (statistics.ci95) {
        lines.intervals.push_back(plot_number(statistics.ci95->low * format.factor) + " " + at +
                                  " " + plot_number(statistics.ci95->high * format.factor) + " " +
                                  at);
    }
    lines.means.push_back(plot_number(*statistics.mean * format.factor) + " " + at + " " +
                          hover_text(cell.info.name + ": " + mean_std_text(&values, format)));
}

}  // namespace

std::optional<Figure> means_figure(const Report& report) {
    const std::string& metric = report.objective.metric;
    const std::vector<std::size_t> order = ranked_cells(report, metric);
    if (order.empty()) {
        return std::nullopt;
    }
    const MetricFormat format = metric_format(report, metric);
    const std::size_t shown = std::min(order.size(), kMaxCells);
    Lines lines;
    for (std::size_t i = 0; i < shown; ++i) {
        const CellSummary& cell = report.summary.cells[order[i]];
        add_cell(cell, *find_metric(cell.metrics, metric), format, i + 1, lines);
    }
    Figure figure;
    figure.id = "means-" + id_text(metric);
    figure.caption = metric_heading(report, metric) +
                     ": means over seeds with 95 % t intervals; grey: single seeds" +
                     of_how_many(shown, order.size()) + ".";
    figure.height = static_cast<int>(90 + 24 * shown);
    figure.script = plot_frame() + data_block("seeds", lines.seeds) +
                    data_block("means", lines.means) + "set ytics (" + lines.tics +
                    ") noenhanced\nunset key\nset yrange [" + std::to_string(shown) +
                    ".6:0.4]\nset offsets graph 0.02, graph 0.02, 0, 0\nset xlabel " +
                    plot_text(metric_heading(report, metric)) + " noenhanced\n";
    if (!lines.intervals.empty()) {
        figure.script += data_block("intervals", lines.intervals);
    }
    figure.script += "plot $seeds using 1:2 with points pt 7 ps 0.35 lc rgb '#8a9099' notitle";
    if (!lines.intervals.empty()) {
        figure.script +=
            ", $intervals using (($1+$3)/2):2:1:3 with xerrorbars pt 0 lw 1.6 lc rgb '" +
            series_colour(0) + "' notitle";
    }
    figure.script += ", $means using 1:2:3 with labels hypertext point pt 7 ps 0.8 lc rgb '" +
                     series_colour(0) + "' notitle\n";
    return figure;
}

}  // namespace harrow::analysis
