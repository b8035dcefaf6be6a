#include <algorithm>
#include <iterator>
#include <optional>
#include <tuple>
#include <utility>

#include "analysis/figures/figures.hpp"
#include "analysis/figures/plot_script.hpp"
#include "analysis/figures/svg.hpp"
#include "analysis/sections/values.hpp"
#include "analysis/selection/pareto.hpp"

namespace harrow::analysis {
namespace {

constexpr std::size_t kMaxNamed = 8;

struct Point {
    std::size_t cell = 0;
    double x = 0, y = 0;
    bool is_front = false;
};

std::optional<std::pair<std::string, std::string>> metric_pair(const Report& report) {
    const std::vector<std::string>& known = report.summary.metrics;
    const auto has = [&](const std::string& metric) {
        return std::find(known.begin(), known.end(), metric) != known.end();
    };
    if (report.compare.metrics.size() >= 2 && has(report.compare.metrics[0]) &&
        has(report.compare.metrics[1])) {
        return std::pair(report.compare.metrics[0], report.compare.metrics[1]);
    }
    const std::string& x = report.objective.metric;
    for (const char* y : {"pixel_ap", "image_auroc", "pixel_auroc"}) {
        if (has(x) && x != y && has(y)) {
            return std::pair(x, std::string(y));
        }
    }
    return std::nullopt;
}

/// The points of pareto_front(), in its order, before the others; none where no direction is known.
void mark_front(const Report& report,
                const std::string& x,
                const std::string& y,
                std::vector<Point>& points) {
    const std::optional<sweeps::Goal> goal_x = goal_in(report, x), goal_y = goal_in(report, y);
    if (!goal_x || !goal_y) {
        return;
    }
    std::vector<std::size_t> cells;
    for (const Point& point : points) {
        cells.push_back(point.cell);
    }
    auto next = points.begin();
    for (const std::size_t cell :
         pareto_front(report.summary, {{x, *goal_x}, {y, *goal_y}}, cells)) {
        const auto found = std::find_if(
            next, points.end(), [&](const Point& point) { return point.cell == cell; });
        found->is_front = true;
        std::rotate(next, found, std::next(found));
        ++next;
    }
}

std::vector<Point> metric_points(const Report& report, const std::string& x, const std::string& y) {
    std::vector<Point> points;
    const double factor_x = metric_format(report, x).factor;
    const double factor_y = metric_format(report, y).factor;
    for (std::size_t i = 0; i < report.summary.cells.size(); ++i) {
        const MetricTable& metrics = report.summary.cells[i].metrics;
        const MetricSummary* a = find_metric(metrics, x);
        const MetricSummary* b = find_metric(metrics, y);
        if (a != nullptr && b != nullptr && a->statistics.mean && b->statistics.mean) {
            points.push_back({i, *a->statistics.mean * factor_x, *b->statistics.mean * factor_y});
        }
    }
    // The same picture whatever the order of the cells.
    std::sort(points.begin(), points.end(), [&](const Point& a, const Point& b) {
        const auto key = [&](const Point& point) {
            return std::tie(point.x, point.y, report.summary.cells[point.cell].info.name);
        };
        return key(a) < key(b);
    });
    return points;
}

struct Lines {
    std::vector<std::string> front, others;
    std::string labels;
};

Lines point_lines(const Report& report,
                  const std::vector<Point>& points,
                  const std::string& x,
                  const std::string& y) {
    Lines lines;
    for (const Point& point : points) {
        const CellSummary& cell = report.summary.cells[point.cell];
        const auto value = [&](const std::string& metric) {
            return metric + " " +
                   mean_std_text(find_metric(cell.metrics, metric), metric_format(report, metric));
        };
        const std::string at =
            plot_number(point.x) + (point.is_front ? "," : " ") + plot_number(point.y);
        (point.is_front ? lines.front : lines.others)
            .push_back(plot_number(point.x) + " " + plot_number(point.y) + " " +
                       hover_text(cell.info.name + ": " + value(x) + ", " + value(y)));
        if (point.is_front && lines.front.size() <= kMaxNamed) {
            lines.labels += "set label " + label_text(cell.info.name, 30) + " at " + at +
                            " right offset -0.8,-0.6 noenhanced font ',10'\n";
        }
    }
    return lines;
}

}  // namespace

std::optional<Figure> pareto_figure(const Report& report) {
    const auto metrics = metric_pair(report);
    if (!metrics) {
        return std::nullopt;
    }
    const auto& [x, y] = *metrics;
    std::vector<Point> points = metric_points(report, x, y);
    if (points.size() < 3) {
        return std::nullopt;
    }
    mark_front(report, x, y, points);
    const Lines lines = point_lines(report, points, x, y);
    Figure figure;
    figure.id = "pareto-" + id_text(x) + "-" + id_text(y);
    figure.caption = metric_heading(report, x) + " against " + metric_heading(report, y) +
                     ": means of the cells" +
                     (lines.front.empty() ? ""
                                          : "; joined: those that none beats in both (" +
                                                std::to_string(lines.front.size()) + " of " +
                                                std::to_string(points.size()) + ")") +
                     ". Point at one for its name.";
    figure.script = plot_frame() + lines.labels +
                    "unset key\nset offsets graph 0.06, graph 0.04, graph 0.06, graph 0.06\nset "
                    "xlabel " +
                    plot_text(metric_heading(report, x)) + " noenhanced\nset ylabel " +
                    plot_text(metric_heading(report, y)) + " noenhanced\n";
    std::string plots;
    const auto add_plot = [&](const std::string& plot, std::size_t series) {
        plots += (plots.empty() ? "plot " : ", ") + plot + " lc rgb '" + series_colour(series) +
                 "' notitle";
    };
    if (!lines.front.empty()) {
        figure.script += data_block("front", lines.front);
        add_plot("$front using 1:2 with lines lw 1.2", 1);
    }
    if (!lines.others.empty()) {
        figure.script += data_block("others", lines.others);
        add_plot("$others using 1:2:3 with labels hypertext point pt 7 ps 0.6", 0);
    }
    if (!lines.front.empty()) {
        add_plot("$front using 1:2:3 with labels hypertext point pt 5 ps 0.8", 1);
    }
    figure.script += plots + "\n";
    return figure;
}

}  // namespace harrow::analysis
