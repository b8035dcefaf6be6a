#include "cli/report_arguments.hpp"

#include <CLI/CLI.hpp>

#include "sweeps/comparison_names.hpp"

namespace harrow::cli {

void add_comparison_options(CLI::App& app, CompareOptions& options) {
    app.add_option("--vs", options.baseline, "compare with this cell, by name or id");
    app.add_option("--test", options.test, "of two cells (default: paired_t)")
        ->check(CLI::IsMember(sweeps::comparison_tests()));
    app.add_option("--adjust", options.adjust, "of p values, per metric (default: holm)")
        ->check(CLI::IsMember(sweeps::comparison_adjustments()));
    app.add_option("--same",
                   options.same,
                   "parameters that must be equal for a comparison to be fair: lr,batch_size")
        ->delimiter(',');
    app.add_option("--metric",
                   options.metrics,
                   "compare these only; the first is the one the best cell is chosen by")
        ->delimiter(',');
}

void add_best_options(CLI::App& app, BestOptions& options) {
    app.add_option("dir", options.dir, "run directory")->required();
    app.add_option("--metric",
                   options.metrics,
                   "instead of the objective's; A,B: their Pareto front as well")
        ->delimiter(',');
    app.add_option("--goal", options.goals, "one for all metrics, or one each")
        ->delimiter(',')
        ->check(CLI::IsMember({"maximize", "minimize"}));
    app.add_option("--subject-to", options.subject_to, "constraint, e.g. \"image_auroc >= 0.98\"");
    app.add_option("--select-on", options.select_on, "what the selection looks at (default: test)")
        ->check(CLI::IsMember({"test", "val_synth", "val_normal", "leave-categories-out"}));
    app.add_option("--report-on",
                   options.report_on,
                   "report the selected settings on the data of this run directory");
    app.add_option(
        "--rerun", options.rerun, "write a sweep file of the cell on N fresh seeds, or on A..B");
    app.add_option("--out", options.out, "file for it (default: standard output)");
    app.add_flag("--json", options.json, "machine-readable");
}

}  // namespace harrow::cli
