#include "cli/data_arguments.hpp"

#include <string>

#include <CLI/CLI.hpp>

#include "storage/datasets/dataset.hpp"

namespace harrow::cli {
namespace {

void add_layout(CLI::App& app, std::string& layout) {
    app.add_option("--layout", layout, "how the images lie in their folders (default: mvtec)")
        ->check(CLI::IsMember(storage::layouts()));
}

}  // namespace

void add_synth_options(CLI::App& app, DataSynthOptions& options) {
    app.add_option("dir", options.dir, "folder to create")->required();
    add_layout(app, options.layout);
    app.add_option("--classes", options.classes, "number of classes");
    app.add_option("--size", options.size, "side of the images, pixels");
    app.add_option("--seed", options.seed, "equal seeds give equal files");
}

void add_check_options(CLI::App& app, DataCheckOptions& options) {
    app.add_option("dir", options.dir, "data.root: a folder, or a .csv file")->required();
    add_layout(app, options.layout);
    app.add_flag("--json", options.json, "machine-readable");
}

void add_anomalies_options(CLI::App& app, DataAnomaliesOptions& options) {
    app.add_option("--out", options.out, "folder to create")->required();
    app.add_option(
        "--cell", options.cell, "by name (default: the first that trains with anomalies)");
    app.add_option("--class", options.class_name, "whose images (default: the first)");
    app.add_option("--seed", options.seed, "of the trial (default: the cell's first)");
    app.add_option("--count", options.count, "how many of each stage and resolution (default: 4)")
        ->check(CLI::Range(1, 100));
}

}  // namespace harrow::cli
