#include <algorithm>
#include <filesystem>
#include <iostream>

#include <nlohmann/json.hpp>
#include <unistd.h>

#include "analysis/sections/sections.hpp"
#include "cli/report_details.hpp"
#include "cli/report_files.hpp"
#include "cli/report_gallery.hpp"
#include "cli/report_source.hpp"
#include "cli/report_tables.hpp"
#include "cli/terminal_text.hpp"
#include "cli/verbs.hpp"
#include "storage/files.hpp"
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
    std::vector<storage::RunState> states;
    std::vector<RunOfReport> runs;
    states.reserve(options.dirs.size());
    for (const std::string& dir : options.dirs) {
        states.push_back(read_run_state(dir));
        runs.push_back({dir, &states.back()});
    }
    analysis::Report report = make_run_report(runs, options.percent);
    add_report_details(report, runs);
    const bool wants_page =
        std::find(options.formats.begin(), options.formats.end(), "html") != options.formats.end();
    if (!options.tables.empty()) {
        use_tables(options.tables, report);
    }
    if (wants_page && !options.no_gallery) {
        report.gallery = failure_gallery(report, runs);
    }
    const analysis::Document document = analysis::report_document(report);
    const bool is_one = options.formats.size() == 1;
    const bool is_page = is_one && options.formats[0] == "html";
    if (is_one && !is_page && options.out.empty()) {
        const std::string& format = options.formats[0];
        const bool is_table = format == "md" || format == "tex" || format == "csv";
        std::cout << (is_table && !options.tables.empty() ? tables_text(report, format)
                                                          : report_text(report, document, format));
        return sweeps::ExitCode::Ok;
    }
    const std::filesystem::path folder = options.out.empty()
                                             ? std::filesystem::path(options.dirs[0]) / "report"
                                             : std::filesystem::path(options.out);
    const std::vector<std::filesystem::path> files =
        write_report_files(report, document, options.formats, !options.no_figures, folder);
    if (is_page && ::isatty(STDOUT_FILENO) != 1) {
        std::cout << storage::read_file(files.back());
        std::cerr << printable(files.back().string()) << "\n";
    } else if (is_page) {
        std::cout << printable(files.back().string()) << "\n";
    } else {
        for (const std::filesystem::path& file : files) {
            std::cout << printable(file.string()) << "\n";
        }
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
