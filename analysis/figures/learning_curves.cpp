#include <algorithm>

#include "analysis/figures/figures.hpp"
#include "analysis/figures/plot_script.hpp"
#include "analysis/figures/sequence_metrics.hpp"

namespace harrow::analysis {
namespace {

constexpr std::size_t kMaxCurves = 7;

std::vector<std::string> curve_lines(const SequenceMatrix& matrix, const MetricFormat& format) {
    std::vector<std::string> lines;
    for (std::size_t task = 0; task < matrix.means.size(); ++task) {
        const SampleStatistics& mean = matrix.means[task];
        if (mean.mean) {
            const Interval interval = mean.ci95.value_or(Interval{*mean.mean, *mean.mean});
            lines.push_back(std::to_string(task + 1) + " " +
                            plot_number(*mean.mean * format.factor) + " " +
                            plot_number(interval.low * format.factor) + " " +
                            plot_number(interval.high * format.factor));
        }
    }
    return lines;
}

}  // namespace

std::vector<Figure> learning_curve_figures(const Report& report) {
    std::vector<Figure> figures;
    for (const std::string& metric : drawn_sequence_metrics(report)) {
        const std::vector<std::size_t> cells = cells_with_sequence(report, metric);
        const std::size_t shown = std::min(cells.size(), kMaxCurves);
        const MetricFormat format = metric_format(report, metric);
        std::string data, plots;
        std::size_t tasks = 2;
        for (std::size_t i = 0; i < shown; ++i) {
            const CellSummary& cell = report.summary.cells[cells[i]];
            const SequenceMatrix& matrix = cell.sequences.at(metric);
            tasks = std::max(tasks, matrix.means.size());
            const std::string name = "curve" + std::to_string(i);
            data += data_block(name, curve_lines(matrix, format));
            // Beside each other, so that intervals of one task can be told apart.
            const double shift =
                0.05 * (static_cast<double>(i) - static_cast<double>(shown - 1) / 2);
            plots += (plots.empty() ? "plot " : ", ") + std::string("$") + name + " using ($1+" +
                     plot_number(shift) + "):2:3:4 with yerrorlines lw 1.5 ps 0.6 " +
                     series_style(i) + " title " + plot_text(cell.info.name) + " noenhanced";
        }
        Figure figure;
        figure.id = "learning-" + id_text(metric);
        figure.caption = metric_heading(report, metric) +
                         " after each task: mean over the classes learned so far, with 95 % t "
                         "intervals over seeds" +
                         of_how_many(shown, cells.size()) + ".";
        figure.height = static_cast<int>(300 + 18 * shown);
        figure.script = plot_frame() + data + "set xrange [0.7:" + std::to_string(tasks) +
                        ".3]\nset xtics " + std::to_string(1 + (tasks - 1) / 20) +
                        "\nset xlabel 'tasks learned'\nset ylabel " +
                        plot_text(metric_heading(report, metric)) +
                        " noenhanced\nset offsets 0, 0, graph 0.05, graph 0.05\n" + plots + "\n";
        figures.push_back(std::move(figure));
    }
    return figures;
}

}  // namespace harrow::analysis
