#include <algorithm>
#include <filesystem>
#include <iostream>

#include "cli/import_directory.hpp"
#include "cli/report_choice.hpp"
#include "cli/sweep_source.hpp"
#include "cli/terminal_text.hpp"
#include "cli/verbs.hpp"
#include "sweeps/metric_kind.hpp"
#include "sweeps/metric_names.hpp"
#include "sweeps/parameters.hpp"
#include "sweeps/utf8.hpp"

namespace harrow::cli {
namespace {

/// Of the whole, in the order in which they came.
std::vector<std::string> metric_names(const storage::ImportTable& table) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < table.metrics().size(); ++i) {
        names.push_back(table.metrics()[i]);
    }
    return names;
}

bool is_in(const std::string& name, const std::vector<std::string>& names) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

/// Whether it may follow from a metric that is there: image_ap.fm from image_ap.
bool is_of_sequence(const std::string& name, const std::vector<std::string>& names) {
    const std::size_t dot = std::min(name.rfind('.'), name.size());
    return dot < name.size() && is_in(name.substr(dot + 1), sweeps::continual_metric_suffixes()) &&
           is_in(name.substr(0, dot), names);
}

/// That asked for; else image_auroc, the first whose direction is known, the first.
std::string objective_metric(const std::vector<std::string>& names, const ImportOptions& options) {
    const auto has = [&](const std::string& name) { return is_in(name, names); };
    if (!options.metric.empty()) {
        if (!has(options.metric) && !is_of_sequence(options.metric, names)) {
            throw sweeps::UsageError("--metric: no value is of a metric '" + options.metric + "'" +
                                     sweeps::suggestion(options.metric, names));
        }
        return options.metric;
    }
    const std::string usual = sweeps::Objective{}.metric;
    if (has(usual)) {
        return usual;
    }
    const auto known = std::find_if(names.begin(), names.end(), [](const std::string& name) {
        return sweeps::known_goal(name).has_value();
    });
    return known == names.end() ? names.front() : *known;
}

/// "five" of "some/five.csv" and of "some/five/".
std::string name_of(const std::string& file) {
    const std::filesystem::path path = absolute_path(file);
    const std::filesystem::path last = path.has_filename() ? path : path.parent_path();
    std::error_code ignored;
    const std::string name = std::filesystem::is_directory(last, ignored) ? last.filename().string()
                                                                          : last.stem().string();
    return name.empty() || sweeps::valid_utf8_prefix(name) != name.size() ? "import"
                                                                          : printable(name);
}

std::string counted(std::size_t count, const std::string& noun) {
    return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

}  // namespace

sweeps::ExitCode run_verb(const ImportOptions& options) {
    if (sweeps::valid_utf8_prefix(options.name) != options.name.size() ||
        printable(options.name) != options.name) {
        throw sweeps::UsageError("--name: a name has no control characters and is UTF-8");
    }
    const storage::Import import =
        storage::read_import({options.files, options.cells, options.seed});
    ImportDescription description;
    description.name = options.name.empty() ? name_of(options.files.front()) : options.name;
    description.objective =
        objective_of(objective_metric(metric_names(import.table), options), options.goal);
    description.first_file = printable(options.files.front());
    for (const std::string& metric : import.table.constant_metrics()) {
        std::cerr << "note: metric '" << printable(metric)
                  << "' is the same for all seeds of every cell; a setting belongs into the table "
                     "of --cells\n";
    }
    refuse_used_directory(options.dir, import, description);
    const ImportSummary summary = publish_import(options.dir, import, description);
    std::cout << printable(description.name) << ": " << counted(summary.cells, "cell") << ", "
              << counted(summary.trials, "trial") << ", " << counted(summary.values, "value")
              << (summary.published > 0
                      ? ", " + counted(summary.published, "published value") + " without a seed"
                      : "")
              << "\n"
              << "tables: harrow report " << printable(options.dir) << " --format md\n";
    return sweeps::ExitCode::Ok;
}

}  // namespace harrow::cli
