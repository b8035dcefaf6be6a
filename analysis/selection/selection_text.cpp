#include "analysis/selection/selection_text.hpp"

#include <algorithm>

#include "analysis/statistics/test_result.hpp"

namespace harrow::analysis {
namespace {

std::string counted(std::size_t count, const std::string& noun) {
    return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

std::string ties_line(const Report& report) {
    const Selection& selection = report.selection;
    const TiedSet& ties = selection.ties;
    if (selection.candidates.size() < 2) {
        return "No other cell could have been selected.";
    }
    if (ties.tested == 0) {
        return "No other cell shares two seeds with it: which cells are tied with it cannot be "
               "told.";
    }
    const std::string alpha = note_number(report.compare.alpha);
    const std::string how = " (" + tie_test(report.compare.test) +
                            " over common seeds, Holm over " + counted(ties.tested, "test") + ")";
    std::string text =
        ties.cells.empty()
            ? "No cell is tied with it: every other one is separable at " + alpha + how + "."
            : "Tied with it, not separable at " + alpha + how + ": " +
                  cell_list(report.summary, ties.cells) + ".";
    const double adjusted = std::min(1.0, ties.smallest_p * static_cast<double>(ties.tested));
    if (adjusted > report.compare.alpha) {
        text +=
            " With these seeds the test cannot give less than p = " + note_number(ties.smallest_p) +
            ", after Holm's correction " + note_number(adjusted) + ": it can separate none.";
    }
    if (ties.untested > 0) {
        text += " Of " + counted(ties.untested, "cell") +
                " with fewer than two common seeds it cannot be told.";
    }
    return text;
}

std::string curse_line(const Report& report) {
    const WinnersCurse& curse = report.selection.curse;
    const std::string& metric = report.objective.metric;
    if (!curse.expected) {
        return "Winner's curse: not known, " + curse.note + ".";
    }
    std::string text =
        "Winner's curse: the best of " + counted(curse.configurations, "equal configuration") +
        " would look " + value_text(report, metric, *curse.expected) +
        " better than it is (seeds spread by " + value_text(report, metric, *curse.sigma) +
        ", a mean of " + std::to_string(curse.n) + " by 1/√" + std::to_string(curse.n) +
        " of it, times " + fixed_text(curse.expected_max, 2) + ")";
    text += curse.bootstrap
                ? "; bootstrap over seeds: " + value_text(report, metric, *curse.bootstrap)
                : "; " + curse.note;
    return text + ".";
}

}  // namespace

std::string cell_list(const Summary& summary, const std::vector<std::size_t>& cells) {
    std::string text;
    for (const std::size_t cell : cells) {
        text += (text.empty() ? "" : ", ") + summary.cells[cell].info.name;
    }
    return text;
}

std::vector<std::string> selection_lines(const Report& report) {
    if (!report.selection.cell) {
        return {};
    }
    std::vector<std::string> lines = report.selection.notes;
    lines.push_back(ties_line(report));
    lines.push_back(curse_line(report));
    return lines;
}

std::string pareto_line(const Report& report,
                        const std::vector<ParetoGoal>& goals,
                        const std::vector<std::size_t>& front) {
    std::string metrics;
    for (std::size_t i = 0; i < goals.size(); ++i) {
        metrics += (i == 0                  ? ""
                    : i + 1 == goals.size() ? " and "
                                            : ", ") +
                   std::string(goals[i].goal == sweeps::Goal::Maximize ? "" : "low ") +
                   goals[i].metric;
    }
    return "Pareto front of " + metrics + " by means (" + std::to_string(front.size()) + " of " +
           counted(report.selection.candidates.size(), "cell") +
           "): " + cell_list(report.summary, front) + ".";
}

}  // namespace harrow::analysis
