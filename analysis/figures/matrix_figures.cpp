#include <algorithm>

#include "analysis/figures/figures.hpp"
#include "analysis/figures/plot_script.hpp"
#include "analysis/figures/sequence_metrics.hpp"

namespace harrow::analysis {
namespace {

constexpr std::size_t kMaxCells = 3, kMaxNumbered = 16, kMaxClasses = 60;

/// Viridis (van der Walt and Smith 2015), eight of its colours.
constexpr const char* kPalette =
    "set palette defined (0 '#440154', 1 '#46327e', 2 '#365c8d', 3 '#277f8e', 4 '#1fa187', 5 "
    "'#4ac16d', 6 '#a0da39', 7 '#fde725')\n";

struct Range {
    double low = 0, high = 1;
};

Range value_range(const Report& report,
                  const std::vector<std::size_t>& cells,
                  const std::string& metric) {
    std::vector<double> values;
    for (const std::size_t cell : cells) {
        for (const auto& row : report.summary.cells[cell].sequences.at(metric).values) {
            for (const SampleStatistics& value : row) {
                if (value.mean) {
                    values.push_back(*value.mean);
                }
            }
        }
    }
    if (values.empty()) {
        return {};
    }
    const auto [low, high] = std::minmax_element(values.begin(), values.end());
    return *low < *high ? Range{*low, *high} : Range{*low - 0.5, *low + 0.5};
}

/// Four characters that tell most: ".974", "97.4".
std::string field_text(double value, const MetricFormat& format) {
    if (format.factor == 100 || format.decimals == 2) {
        return fixed_text(value * format.factor, 1);
    }
    const std::string text = fixed_text(value, 3);
    return text.rfind("0.", 0) == 0 ? text.substr(1) : text;
}

/// x, y, value, text and its colour: light on dark fields.
std::vector<std::string> field_lines(const SequenceMatrix& matrix,
                                     const MetricFormat& format,
                                     const Range& range) {
    std::vector<std::string> lines;
    for (std::size_t task = 0; task < matrix.values.size(); ++task) {
        for (std::size_t column = 0; column < matrix.classes.size(); ++column) {
            const SampleStatistics& value = matrix.values[task][column];
            if (!value.mean) {
                continue;
            }
            const bool is_dark = (*value.mean - range.low) / (range.high - range.low) < 0.55;
            lines.push_back(std::to_string(column + 1) + " " + std::to_string(task + 1) + " " +
                            plot_number(*value.mean * format.factor) + " " +
                            field_text(*value.mean, format) + " " +
                            std::to_string(is_dark ? 0xffffff : 0x111111));
        }
    }
    return lines;
}

std::string script_of(const Report& report,
                      const SequenceMatrix& matrix,
                      const std::string& metric,
                      const Range& range) {
    const MetricFormat format = metric_format(report, metric);
    std::string tics;
    for (std::size_t column = 0; column < matrix.classes.size(); ++column) {
        tics += (tics.empty() ? "" : ", ") + tic_text(matrix.classes[column], 20) + " " +
                std::to_string(column + 1);
    }
    const std::string classes = std::to_string(matrix.classes.size());
    const std::string tasks = std::to_string(matrix.values.size());
    std::string script = plot_frame() + data_block("fields", field_lines(matrix, format, range)) +
                         kPalette + "unset grid\nunset key\nset border 0\nset xtics (" + tics +
                         ") rotate by 40 right noenhanced scale 0\nset ytics " +
                         std::to_string(1 + (matrix.values.size() - 1) / 20) +
                         " scale 0\nset xrange [0.5:" + classes + ".5]\nset yrange [" + tasks +
                         ".5:0.5]\nset ylabel 'after task'\nset cblabel " +
                         plot_text(metric_heading(report, metric)) + " noenhanced\nset cbrange [" +
                         plot_number(range.low * format.factor) + ":" +
                         plot_number(range.high * format.factor) +
                         "]\nset style fill solid 1.0 noborder\nplot $fields using "
                         "1:2:($1-0.48):($1+0.48):($2-0.48):($2+0.48):3 with boxxyerror lc palette "
                         "notitle";
    if (matrix.classes.size() <= kMaxNumbered) {
        script +=
            ", $fields using 1:2:(stringcolumn(4)):5 with labels tc rgb variable font ',10' "
            "notitle";
    }
    return script + "\n";
}

}  // namespace

std::vector<Figure> matrix_figures(const Report& report) {
    std::vector<Figure> figures;
    for (const std::string& metric : drawn_sequence_metrics(report)) {
        std::vector<std::size_t> cells = cells_with_sequence(report, metric);
        const std::size_t all = cells.size();
        cells.resize(std::min(all, kMaxCells));
        const Range range = value_range(report, cells, metric);
        for (std::size_t i = 0; i < cells.size(); ++i) {
            const CellSummary& cell = report.summary.cells[cells[i]];
            const SequenceMatrix& matrix = cell.sequences.at(metric);
            if (matrix.classes.empty() || matrix.classes.size() > kMaxClasses) {
                continue;
            }
            Figure figure;
            figure.id = "matrix-" + id_text(metric) + "-" + std::to_string(i + 1);
            figure.caption = cell.info.name + ": " + metric_heading(report, metric) +
                             " of each class after each task, mean over seeds. Down a column: what "
                             "is forgotten.";
            figure.width =
                static_cast<int>(170 + 34 * std::max<std::size_t>(matrix.classes.size(), 8));
            figure.height =
                static_cast<int>(120 + 26 * std::max<std::size_t>(matrix.values.size(), 4));
            figure.script = script_of(report, matrix, metric, range);
            figures.push_back(std::move(figure));
        }
    }
    return figures;
}

}  // namespace harrow::analysis
