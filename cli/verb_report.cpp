#include <algorithm>
#include <filesystem>
#include <iostream>
#include <optional>
#include <set>
#include <system_error>
#include <vector>

#include <unistd.h>

#include "analysis/sections/sections.hpp"
#include "cli/report_choice.hpp"
#include "cli/report_details.hpp"
#include "cli/report_files.hpp"
#include "cli/report_gallery.hpp"
#include "cli/report_source.hpp"
#include "cli/report_tables.hpp"
#include "cli/terminal_text.hpp"
#include "cli/verbs.hpp"
#include "storage/files.hpp"

namespace harrow::cli {
namespace {

/// That of the first run whose sweep says one.
std::optional<sweeps::Compare> compare_of(const std::vector<storage::RunState>& states) {
    for (const storage::RunState& state : states) {
        if (state.sweep->compare) {
            return state.sweep->compare;
        }
    }
    return std::nullopt;
}

/// A folder that is named twice counts once.
std::vector<std::string> distinct_folders(const std::vector<std::string>& dirs) {
    std::vector<std::string> distinct;
    std::set<std::filesystem::path> seen;
    for (const std::string& dir : dirs) {
        std::error_code ignored;
        if (seen.insert(std::filesystem::weakly_canonical(dir, ignored)).second) {
            distinct.push_back(dir);
        }
    }
    return distinct;
}

}  // namespace

sweeps::ExitCode run_verb(const ReportOptions& options) {
    std::vector<storage::RunState> states;
    std::vector<RunOfReport> runs;
    states.reserve(options.dirs.size());  // runs point into it
    for (const std::string& dir : distinct_folders(options.dirs)) {
        states.push_back(read_run_state(dir));
        runs.push_back({dir, &states.back()});
    }
    analysis::Report report = make_run_report(runs, options.percent);
    choose_objective(report, options.compare.metrics);
    analysis::compare_report(report, comparison_options(options.compare, compare_of(states)));
    const auto wants = [&](const char* format) {
        return std::find(options.formats.begin(), options.formats.end(), format) !=
               options.formats.end();
    };
    const bool wants_page = wants("html");
    if (wants_page || wants("md") || wants("tex")) {
        add_report_details(report, runs);
    }
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

}  // namespace harrow::cli
