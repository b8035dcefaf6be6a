#include <algorithm>

#include "analysis/sections/metrics_table.hpp"
#include "analysis/sections/sections.hpp"
#include "analysis/selection/selection_text.hpp"
#include "sweeps/metric_kind.hpp"

namespace harrow::analysis {
namespace {

Table audit_table(const Report& report) {
    const Selection& selection = report.selection;
    const WinnersCurse& curse = selection.curse;
    const std::string& metric = report.objective.metric;
    Table table{"selection", "", {{"selection", "", true}, {"", "", true}}};
    table.is_for_print = false;
    const auto add = [&](const std::string& what, const std::string& value) {
        table.rows.push_back({{{what}, {value}}});
    };
    const auto shown = [&](const std::optional<double>& value) {
        return value ? value_text(report, metric, *value) : "–";
    };
    add("cell", report.summary.cells[*selection.cell].info.name);
    add("metric", metric_heading(report, metric));
    add("selected on", selection.selected_on);
    add("configurations compared", std::to_string(selection.compared));
    add("of these with all seeds, constraints kept", std::to_string(selection.candidates.size()));
    add("tied with it", std::to_string(selection.ties.cells.size()));
    add("spread over seeds", shown(curse.sigma));
    add("expected optimism of the best mean", shown(curse.expected));
    add("optimism by bootstrap over seeds", shown(curse.bootstrap));
    return table;
}

/// Both metrics by which these systems are usually judged.
std::vector<ParetoGoal> usual_goals(const Summary& summary) {
    std::vector<ParetoGoal> goals;
    for (const char* metric : {"image_auroc", "pixel_ap"}) {
        if (std::find(summary.metrics.begin(), summary.metrics.end(), metric) !=
            summary.metrics.end()) {
            goals.push_back({metric, sweeps::Goal::Maximize});
        }
    }
    return goals;
}

}  // namespace

std::optional<Section> selection_section(const Report& report) {
    const Selection& selection = report.selection;
    if (!selection.cell || selection.compared < 2) {
        return std::nullopt;
    }
    Section section{"selection", "Selection", {}};
    if (selection.is_oracle()) {
        section.blocks.emplace_back(Paragraph{selection.stamp(), true});
    }
    for (const std::string& line : selection_lines(report)) {
        section.blocks.emplace_back(Paragraph{line});
    }
    section.blocks.emplace_back(audit_table(report));
    const std::vector<ParetoGoal> goals = usual_goals(report.summary);
    if (goals.size() > 1) {
        const auto front = pareto_front(report.summary, goals, selection.candidates);
        section.blocks.emplace_back(Paragraph{pareto_line(report, goals, front)});
    }
    std::vector<std::string> held_out;
    std::copy_if(report.summary.metrics.begin(),
                 report.summary.metrics.end(),
                 std::back_inserter(held_out),
                 [](const std::string& metric) { return sweeps::split_of(metric) != "test"; });
    if (!held_out.empty()) {
        section.blocks.emplace_back(metrics_table(report, "held-out", held_out));
    }
    return section;
}

}  // namespace harrow::analysis
