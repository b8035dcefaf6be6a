#include "analysis/figures/plot_script.hpp"

#include <algorithm>
#include <array>

#include "analysis/document/plain_text.hpp"
#include "analysis/sections/values.hpp"
#include "analysis/table.hpp"
#include "storage/results.hpp"

namespace harrow::analysis {

std::string plot_text(const std::string& text) {
    std::string quoted = "'";
    for (const char c : plain_text(text)) {
        quoted += c == '\'' ? "''" : std::string(1, c);
    }
    return quoted + "'";
}

std::string label_text(const std::string& text, std::size_t width) {
    return plot_text(truncated(plain_text(text), width));
}

std::string tic_text(const std::string& text, std::size_t width) {
    std::string doubled;
    for (const char c : truncated(plain_text(text), width)) {
        doubled += c == '%' ? "%%" : std::string(1, c);
    }
    return plot_text(doubled);
}

std::string plot_number(double value) {
    return storage::shortest_text(value);
}

std::string series_colour(std::size_t series) {
    static constexpr std::array kColours = {
        "#0072b2", "#d55e00", "#009e73", "#c05f95", "#a87500", "#3f93c8", "#808080"};
    return kColours[series % kColours.size()];
}

std::string series_style(std::size_t series) {
    static constexpr std::array kDashes = {"1", "2", "4", "5", "3"};
    static constexpr std::array kPoints = {"7", "5", "9", "13", "11", "6", "4", "8", "12", "10"};
    return "lc rgb '" + series_colour(series) + "' dt " + kDashes[series / 7 % kDashes.size()] +
           " pt " + kPoints[series % kPoints.size()];
}

std::string data_block(const std::string& name, const std::vector<std::string>& lines) {
    std::string text = "$" + name + " << EOD\n";
    for (const std::string& line : lines) {
        text += line + "\n";
    }
    return text + "EOD\n";
}

std::string plot_frame() {
    return "set border 3 lw 0.8\n"
           "set tics nomirror out scale 0.6\n"
           "set grid lc rgb '#9aa0a6' lw 0.4 dt 3\n"
           "set key outside below left Left reverse samplen 2.5 spacing 1.2 height 1 noenhanced\n"
           "set pointintervalbox 0\n"
           "set bars small\n";
}

std::vector<std::size_t> ranked_cells(const Report& report, const std::string& metric) {
    const std::vector<CellSummary>& cells = report.summary.cells;
    const auto mean = [&](std::size_t cell) {
        const MetricSummary* values = find_metric(cells[cell].metrics, metric);
        return values == nullptr ? std::nullopt : values->statistics.mean;
    };
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < cells.size(); ++i) {
        if (mean(i)) {
            order.push_back(i);
        }
    }
    const std::optional<sweeps::Goal> goal = goal_in(report, metric);
    if (goal) {
        std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
            return goal == sweeps::Goal::Maximize ? *mean(a) > *mean(b) : *mean(a) < *mean(b);
        });
    }
    return order;
}

std::string of_how_many(std::size_t shown, std::size_t all) {
    return shown == all
               ? ""
               : "; the first " + std::to_string(shown) + " of " + std::to_string(all) + " cells";
}

}  // namespace harrow::analysis
