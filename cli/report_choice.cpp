#include "cli/report_choice.hpp"

#include <algorithm>
#include <utility>

#include "sweeps/error.hpp"
#include "sweeps/metric_kind.hpp"
#include "sweeps/metric_names.hpp"
#include "sweeps/parameters.hpp"

namespace harrow::cli {

void require_metrics(const analysis::Summary& summary, const std::vector<std::string>& metrics) {
    const std::vector<std::string> measured = analysis::all_metrics(summary);
    for (const std::string& metric : metrics) {
        if (!sweeps::is_metric(metric) &&
            std::find(measured.begin(), measured.end(), metric) == measured.end()) {
            throw sweeps::UsageError(
                "--metric: no metric is called '" + metric + "'" +
                sweeps::suggestion(metric, measured.empty() ? sweeps::metric_names() : measured));
        }
    }
}

sweeps::Objective objective_of(const std::string& metric, const std::string& goal) {
    if (!goal.empty()) {
        return {metric, goal == "minimize" ? sweeps::Goal::Minimize : sweeps::Goal::Maximize, {}};
    }
    const std::optional<sweeps::Goal> known = sweeps::known_goal(metric);
    if (!known) {
        throw sweeps::UsageError("nothing says whether more or less of '" + metric +
                                 "' is better: give --goal maximize or --goal minimize");
    }
    return {metric, *known, {}};
}

void choose_objective(analysis::Report& report, const std::vector<std::string>& metrics) {
    require_metrics(report.summary, metrics);
    if (metrics.empty() || metrics.front() == report.objective.metric ||
        !sweeps::known_goal(metrics.front())) {
        return;
    }
    sweeps::Objective objective = objective_of(metrics.front(), "");
    objective.subject_to = report.objective.subject_to;
    report.objective = std::move(objective);
    report.selection = analysis::select_best(report.summary, report.objective);
}

analysis::ComparisonOptions comparison_options(const CompareOptions& typed,
                                               const std::optional<sweeps::Compare>& of_sweep) {
    analysis::ComparisonOptions options;
    if (of_sweep) {
        options.baseline = of_sweep->baseline;
        options.same = of_sweep->same;
        options.test = of_sweep->test;
        options.adjust = of_sweep->adjust;
    }
    const auto take = [](std::string& place, const std::string& text) {
        place = text.empty() ? place : text;
    };
    take(options.baseline, typed.baseline);
    take(options.test, typed.test);
    take(options.adjust, typed.adjust);
    if (!typed.same.empty()) {
        options.same = typed.same;
    }
    options.metrics = typed.metrics;
    const bool is_asked = !typed.test.empty() || !typed.adjust.empty() || !typed.same.empty();
    if (is_asked && options.baseline.empty()) {
        throw sweeps::UsageError(
            "--test, --adjust and --same are for comparisons, and there is no cell to compare "
            "with: give --vs CELL");
    }
    return options;
}

}  // namespace harrow::cli
