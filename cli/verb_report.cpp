#include <iostream>

#include "analysis/report_csv.hpp"
#include "analysis/report_json.hpp"
#include "analysis/report_latex.hpp"
#include "analysis/report_markdown.hpp"
#include "cli/report_choice.hpp"
#include "cli/report_source.hpp"
#include "cli/verbs.hpp"

namespace harrow::cli {
sweeps::ExitCode run_verb(const ReportOptions& options) {
    const storage::RunState state = read_run_state(options.dir);
    analysis::Report report = make_run_report(state, options.percent);
    choose_objective(report, options.compare.metrics);
    analysis::compare_report(report, comparison_options(options.compare, state.sweep->compare));
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

}  // namespace harrow::cli
