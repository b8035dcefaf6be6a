#include <algorithm>
#include <charconv>
#include <map>
#include <set>
#include <utility>

#include "analysis/figures/figures.hpp"
#include "analysis/figures/plot_script.hpp"

namespace harrow::analysis {
namespace {

constexpr std::size_t kMaxLevels = 8, kMaxParameters = 12;

struct Grid {
    std::string first, second;  ///< parameters: along the axis, one line each
    std::vector<std::string> first_levels, second_levels;
    std::map<std::pair<std::string, std::string>, std::size_t> cells;  ///< by levels
};

std::string setting(const CellSummary& cell, const std::string& name) {
    const auto found = cell.info.settings.find(name);
    return found == cell.info.settings.end() ? "–" : found->second;
}

bool level_before(const std::string& a, const std::string& b) {
    const auto number = [](const std::string& text, double& value) {
        const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
        return read.ec == std::errc() && read.ptr == text.data() + text.size();
    };
    double x = 0, y = 0;
    const bool is_number_a = number(a, x), is_number_b = number(b, y);
    return is_number_a && is_number_b ? x < y : is_number_a != is_number_b ? is_number_a : a < b;
}

/// Names of settings that two cells do not share.
std::vector<std::string> swept_settings(const Summary& summary) {
    std::map<std::string, std::set<std::string>> levels;
    std::set<std::string> names;
    for (const CellSummary& cell : summary.cells) {
        for (const auto& [name, text] : cell.info.settings) {
            names.insert(name);
        }
    }
    std::vector<std::string> swept;
    for (const std::string& name : names) {
        const std::string first = setting(summary.cells.front(), name);
        if (std::any_of(summary.cells.begin(), summary.cells.end(), [&](const CellSummary& cell) {
                return setting(cell, name) != first;
            })) {
            swept.push_back(name);
        }
    }
    return swept;
}

std::vector<std::string> sorted(const std::set<std::string>& levels) {
    std::vector<std::string> texts(levels.begin(), levels.end());
    std::sort(texts.begin(), texts.end(), level_before);
    return texts;
}

/// Full grids of the two among cells that share all other settings.
std::optional<Grid> largest_grid(const Report& report,
                                 const std::vector<std::string>& swept,
                                 const std::string& first,
                                 const std::string& second) {
    std::map<std::string, Grid> grids;  // by the other settings
    for (std::size_t i = 0; i < report.summary.cells.size(); ++i) {
        const CellSummary& cell = report.summary.cells[i];
        if (find_metric(cell.metrics, report.objective.metric) == nullptr) {
            continue;
        }
        std::string others =
            data_text(cell.info) + "\n" + report.units.unit(cell.info.run, report.objective.metric);
        for (const std::string& name : swept) {
            others += name == first || name == second ? "" : "\n" + setting(cell, name);
        }
        Grid& grid = grids[others];
        grid.cells.emplace(std::pair(setting(cell, first), setting(cell, second)), i);
    }
    std::optional<Grid> largest;
    for (auto& [others, grid] : grids) {
        std::set<std::string> a, b;
        for (const auto& [levels, cell] : grid.cells) {
            a.insert(levels.first);
            b.insert(levels.second);
        }
        const bool is_full = a.size() * b.size() == grid.cells.size();
        if (!is_full || a.size() < 2 || b.size() < 2 || a.size() > kMaxLevels ||
            b.size() > kMaxLevels) {
            continue;
        }
        if (!largest || grid.cells.size() > largest->cells.size()) {
            grid.first = first;
            grid.second = second;
            grid.first_levels = sorted(a);
            grid.second_levels = sorted(b);
            largest = grid;
        }
    }
    return largest;
}

std::optional<Grid> find_grid(const Report& report) {
    const std::vector<std::string> swept =
        report.summary.cells.empty() ? std::vector<std::string>() : swept_settings(report.summary);
    std::optional<Grid> largest;
    for (std::size_t i = 0; i < swept.size() && swept.size() <= kMaxParameters; ++i) {
        for (std::size_t j = i + 1; j < swept.size(); ++j) {
            std::optional<Grid> grid = largest_grid(report, swept, swept[i], swept[j]);
            if (grid && (!largest || grid->cells.size() > largest->cells.size())) {
                largest = std::move(grid);
            }
        }
    }
    // The one with more levels goes along the axis.
    if (largest && largest->second_levels.size() > largest->first_levels.size()) {
        std::swap(largest->first, largest->second);
        std::swap(largest->first_levels, largest->second_levels);
        decltype(largest->cells) turned;
        for (const auto& [levels, cell] : largest->cells) {
            turned.emplace(std::pair(levels.second, levels.first), cell);
        }
        largest->cells = std::move(turned);
    }
    return largest;
}

}  // namespace

std::optional<Figure> interaction_figure(const Report& report) {
    const std::optional<Grid> grid = find_grid(report);
    if (!grid) {
        return std::nullopt;
    }
    const std::string& metric = report.objective.metric;
    const MetricFormat format = metric_format(report, metric);
    std::string tics, data, plots;
    for (std::size_t i = 0; i < grid->first_levels.size(); ++i) {
        tics +=
            (i == 0 ? "" : ", ") + tic_text(grid->first_levels[i], 16) + " " + std::to_string(i);
    }
    for (std::size_t line = 0; line < grid->second_levels.size(); ++line) {
        const double shift = 0.04 * (static_cast<double>(line) -
                                     static_cast<double>(grid->second_levels.size() - 1) / 2);
        std::vector<std::string> lines;
        for (std::size_t i = 0; i < grid->first_levels.size(); ++i) {
            const std::size_t cell =
                grid->cells.at({grid->first_levels[i], grid->second_levels[line]});
            const SampleStatistics& statistics =
                find_metric(report.summary.cells[cell].metrics, metric)->statistics;
            const Interval interval =
                statistics.ci95.value_or(Interval{*statistics.mean, *statistics.mean});
            lines.push_back(plot_number(static_cast<double>(i) + shift) + " " +
                            plot_number(*statistics.mean * format.factor) + " " +
                            plot_number(interval.low * format.factor) + " " +
                            plot_number(interval.high * format.factor));
        }
        const std::string name = "line" + std::to_string(line);
        data += data_block(name, lines);
        plots += (line == 0 ? "plot $" : ", $") + name +
                 " using 1:2:3:4 with yerrorlines lw 1.5 ps 0.7 " + series_style(line) + " title " +
                 plot_text(grid->second + " " + grid->second_levels[line]) + " noenhanced";
    }
    Figure figure;
    figure.id = "interaction";
    figure.caption = metric_heading(report, metric) + " over " + grid->first + " and " +
                     grid->second +
                     ", everything else equal: means with 95 % t intervals over seeds. Lines that "
                     "are not parallel: an interaction.";
    figure.height = static_cast<int>(310 + 18 * grid->second_levels.size());
    figure.script = plot_frame() + data + "set xtics (" + tics + ") noenhanced\nset xrange [-0.4:" +
                    std::to_string(grid->first_levels.size() - 1) + ".4]\nset xlabel " +
                    plot_text(grid->first) + " noenhanced\nset ylabel " +
                    plot_text(metric_heading(report, metric)) +
                    " noenhanced\nset offsets 0, 0, graph 0.05, graph 0.05\n" + plots + "\n";
    return figure;
}

}  // namespace harrow::analysis
