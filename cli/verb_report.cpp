#include <iostream>

#include <nlohmann/json.hpp>

#include "analysis/report_csv.hpp"
#include "analysis/report_json.hpp"
#include "analysis/report_latex.hpp"
#include "analysis/report_markdown.hpp"
#include "cli/report_source.hpp"
#include "cli/verbs.hpp"
#include "sweeps/metric_names.hpp"
#include "sweeps/parameters.hpp"

namespace harrow::cli {
namespace {

using Json = nlohmann::ordered_json;

/// The sweep's objective with what the command line says instead.
sweeps::Objective chosen_objective(const sweeps::Objective& of_sweep, const BestOptions& options) {
    sweeps::Objective objective = of_sweep;
    if (!options.metric.empty()) {
        if (!sweeps::is_metric(options.metric)) {
            throw sweeps::UsageError("--metric: no metric is called '" + options.metric + "'" +
                                     sweeps::suggestion(options.metric, sweeps::metric_names()));
        }
        objective.metric = options.metric;
        objective.goal = sweeps::is_higher_better(options.metric) ? sweeps::Goal::Maximize
                                                                  : sweeps::Goal::Minimize;
    }
    if (!options.subject_to.empty()) {
        objective.subject_to = options.subject_to;
    }
    return objective;
}

Json best_json(const analysis::Report& report) {
    const analysis::CellSummary& cell = report.summary.cells[*report.selection.cell];
    const analysis::MetricSummary& metric = cell.metrics.at(report.objective.metric);
    Json values = Json::object();
    for (const auto& [seed, value] : metric.values) {
        values[std::to_string(seed)] = value;
    }
    return {{"id", cell.info.id},
            {"name", cell.info.name},
            {"metric", report.objective.metric},
            {"goal", report.objective.goal == sweeps::Goal::Maximize ? "maximize" : "minimize"},
            {"mean", metric.statistics.mean.value()},
            {"std", metric.statistics.std ? Json(*metric.statistics.std) : Json(nullptr)},
            {"n", metric.statistics.n},
            {"missing", metric.missing},
            {"values", std::move(values)},
            {"compared", report.selection.compared},
            {"selected_on", "test"}};
}

}  // namespace

sweeps::ExitCode run_verb(const ReportOptions& options) {
    const analysis::Report report = make_run_report(read_run_state(options.dir), options.percent);
    if (options.format == "csv") {
        std::cout << analysis::csv_report(report);
    } else if (options.format == "json") {
        std::cout << analysis::json_report(report);
    } else if (options.format == "tex") {
        std::cout << analysis::latex_report(report);
    } else {
        std::cout << analysis::markdown_report(report);
    }
    return sweeps::ExitCode::Ok;
}

sweeps::ExitCode run_verb(const BestOptions& options) {
    const storage::RunState state = read_run_state(options.dir);
    analysis::Report report = make_run_report(state, false);
    report = analysis::make_report(
        report.name, chosen_objective(report.objective, options), std::move(report.summary));
    if (!report.selection.cell) {
        throw sweeps::UsageError("no cell can be selected: " + report.selection.why_none);
    }
    if (options.json) {
        std::cout << best_json(report).dump(2) << "\n";
    } else {
        std::cout << analysis::best_text(report) << "\n";
    }
    return sweeps::ExitCode::Ok;
}

}  // namespace harrow::cli
