#include <algorithm>
#include <numeric>
#include <set>

#include "analysis/comparison/comparable.hpp"
#include "analysis/figures/figures.hpp"
#include "analysis/figures/plot_script.hpp"
#include "analysis/sections/values.hpp"
#include "analysis/statistics/friedman.hpp"

namespace harrow::analysis {
namespace {

constexpr std::size_t kMaxCells = 20;

struct Ranking {
    std::vector<std::string> names;  ///< best mean rank first
    std::vector<double> ranks;
    std::size_t seeds = 0;
    double difference = 0;  ///< Nemenyi's, at 0.05
    std::optional<double> p;
};

std::optional<Ranking> ranking_of(const Report& report) {
    const std::string& metric = report.objective.metric;
    const std::vector<std::size_t> cells =
        comparable_cells(report.summary, metric, report.compare).cells;
    if (cells.size() < 3 || cells.size() > kMaxCells) {
        return std::nullopt;
    }
    const auto& seeds = find_metric(report.summary.cells[cells[0]].metrics, metric)->values;
    if (seeds.size() < 2) {
        return std::nullopt;
    }
    std::vector<std::vector<double>> blocks;
    for (const auto& [seed, value] : seeds) {
        blocks.emplace_back();
        for (const std::size_t cell : cells) {
            blocks.back().push_back(
                find_metric(report.summary.cells[cell].metrics, metric)->values.at(seed));
        }
    }
    const FriedmanResult result =
        friedman_test(blocks, report.objective.goal == sweeps::Goal::Maximize);
    const auto difference = nemenyi_critical_difference(cells.size(), blocks.size());
    if (!difference.value || result.mean_ranks.size() != cells.size()) {
        return std::nullopt;
    }
    std::vector<std::size_t> order(cells.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return result.mean_ranks[a] < result.mean_ranks[b];
    });
    Ranking ranking{{}, {}, blocks.size(), *difference.value, result.f.p};
    for (const std::size_t i : order) {
        ranking.names.push_back(report.summary.cells[cells[i]].info.name);
        ranking.ranks.push_back(result.mean_ranks[i]);
    }
    return ranking;
}

std::string line_text(double x1, double y1, double x2, double y2, const std::string& style) {
    return "set arrow from " + plot_number(x1) + "," + plot_number(y1) + " to " + plot_number(x2) +
           "," + plot_number(y2) + " nohead " + style + "\n";
}

/// Names on both sides, each with a line to its place on the axis of mean ranks.
std::string names_script(const Ranking& ranking, double first_row) {
    const std::size_t count = ranking.names.size(), left = (count + 1) / 2;
    std::string script;
    for (std::size_t i = 0; i < count; ++i) {
        const bool is_left = i < left;
        const double y = -first_row - static_cast<double>(is_left ? i : count - 1 - i);
        const double edge = is_left ? 0.8 : static_cast<double>(count) + 0.2;
        const std::string name = label_text(ranking.names[i], 28);
        script += line_text(ranking.ranks[i], 0, ranking.ranks[i], y, "lw 1") +
                  line_text(ranking.ranks[i], y, edge, y, "lw 1") + "set label " + name + " at " +
                  plot_number(edge) + "," + plot_number(y) + (is_left ? " right" : " left") +
                  " offset " + (is_left ? "-0.6" : "0.6") + ",0 noenhanced\n";
    }
    return script;
}

/// Bars below the axis join what cannot be told apart. Returns how many rows they take.
std::size_t add_bars(const Ranking& ranking, std::string& script) {
    std::size_t rows = 0, last_end = 0;
    for (std::size_t begin = 0; begin < ranking.ranks.size(); ++begin) {
        std::size_t end = begin;
        while (end + 1 < ranking.ranks.size() &&
               ranking.ranks[end + 1] - ranking.ranks[begin] < ranking.difference) {
            ++end;
        }
        if (end > begin && (rows == 0 || end > last_end)) {
            ++rows;
            last_end = end;
            const double y = -0.45 * static_cast<double>(rows);
            script += line_text(ranking.ranks[begin] - 0.05,
                                y,
                                ranking.ranks[end] + 0.05,
                                y,
                                "lw 4 lc rgb '" + series_colour(1) + "'");
        }
    }
    return rows;
}

std::string axis_script(const Ranking& ranking) {
    const auto count = static_cast<double>(ranking.names.size());
    std::string script = line_text(1, 0, count, 0, "lw 1.2");
    for (std::size_t rank = 1; rank <= ranking.names.size(); ++rank) {
        const auto x = static_cast<double>(rank);
        script += line_text(x, 0, x, 0.25, "lw 1") + "set label '" + std::to_string(rank) +
                  "' at " + plot_number(x) + ",0.7 center\n";
    }
    const double end = std::min(1 + ranking.difference, count);
    const std::string wide = ranking.difference > count - 1 ? " (wider than the axis)" : "";
    return script + line_text(1, 1.6, end, 1.6, "lw 1.6") + line_text(1, 1.45, 1, 1.75, "lw 1.6") +
           line_text(end, 1.45, end, 1.75, "lw 1.6") + "set label 'critical difference " +
           fixed_text(ranking.difference, 2) + wide + "' at 1,2.2 left\n";
}

}  // namespace

std::optional<Figure> critical_difference_figure(const Report& report) {
    const std::optional<Ranking> ranking = ranking_of(report);
    if (!ranking) {
        return std::nullopt;
    }
    std::string bars;
    const std::size_t rows = add_bars(*ranking, bars);
    const double first_row = 1.0 + 0.45 * static_cast<double>(rows);
    const auto count = static_cast<double>(ranking->names.size());
    const double depth = first_row + static_cast<double>((ranking->names.size() + 1) / 2);
    Figure figure;
    figure.id = "critical-difference";
    figure.caption =
        "Mean ranks by " + metric_heading(report, report.objective.metric) + " over " +
        std::to_string(ranking->seeds) +
        " seeds, 1 is the best; a bar joins cells that Nemenyi's test cannot tell apart at 0.05" +
        (ranking->p ? " (Friedman with Iman and Davenport's F: p " + p_text(ranking->p) + ")"
                    : "") +
        ".";
    figure.height = static_cast<int>(30 + 26 * (depth + 2.8));
    figure.script =
        "unset border\nunset tics\nunset key\nset lmargin 24\nset rmargin 24\nset "
        "tmargin 0.5\nset bmargin 0.5\nset xrange [1:" +
        plot_number(count) + "]\nset yrange [" + plot_number(-depth) + ":2.8]\n" +
        axis_script(*ranking) + names_script(*ranking, first_row) + bars + "plot NaN notitle\n";
    return figure;
}

}  // namespace harrow::analysis
