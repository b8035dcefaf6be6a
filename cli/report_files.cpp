#include "cli/report_files.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <sstream>
#include <system_error>
#include <utility>

#include "analysis/document/html.hpp"
#include "analysis/document/markdown.hpp"
#include "analysis/figures/figures.hpp"
#include "analysis/report_csv.hpp"
#include "analysis/report_json.hpp"
#include "analysis/report_latex.hpp"
#include "analysis/sections/sections.hpp"
#include "cli/gnuplot.hpp"
#include "cli/report_tables.hpp"
#include "storage/files.hpp"

namespace harrow::cli {
namespace {

namespace fs = std::filesystem;

struct FileOfFormat {
    const char* format;
    const char* name;
};
constexpr FileOfFormat kFiles[] = {{"md", "report.md"},
                                   {"tex", "tables.tex"},
                                   {"json", "summary.json"},
                                   {"csv", "summary.csv"},
                                   {"csv-long", "results_long.csv"},
                                   {"csv-wide", "results_wide.csv"},
                                   {"csv-classes", "class_differences.csv"}};
constexpr const char* kPage = "html";

struct NewFile {
    std::string name;  ///< inside the folder
    std::string bytes;
};

std::vector<NewFile> figure_files(const analysis::Document& document, const DrawnFigures& drawn) {
    std::vector<NewFile> files;
    for (const analysis::Section& section : document.sections) {
        for (const analysis::Block& block : section.blocks) {
            const auto* figure = std::get_if<analysis::Figure>(&block);
            if (figure != nullptr && !figure->svg.empty()) {
                files.push_back({"figures/" + figure->id + ".svg", figure->svg});
                files.push_back({"figures/" + figure->id + ".pdf", drawn.pdfs.at(figure->id)});
            }
        }
    }
    return files;
}

/// Each table for papers by itself, for \input and for spreadsheets.
void add_table_files(const analysis::Report& report,
                     const std::string& format,
                     std::vector<NewFile>& files) {
    std::vector<sweeps::Problem> problems;
    const std::vector<analysis::Table> tables = analysis::paper_tables(report, problems);
    for (std::size_t i = 0; i < tables.size(); ++i) {
        files.push_back(
            {"tables/" + report.tables[i].spec.name + "." + format, table_file(tables[i], format)});
    }
}

void write(storage::PendingFile& file, const std::string& bytes) {
    try {
        storage::write_all(file.descriptor(), bytes, file.target());
        file.close();
    } catch (const storage::NoSpaceError&) {
        throw storage::NoSpaceError("cannot write " + file.target().string() +
                                    ": no space left; nothing was replaced. Make room, or choose "
                                    "another folder with --out");
    }
}

/// Names of the files of one report: those in folders of its own, whose number and names change.
constexpr const char* kList = ".report-files";

bool is_listed(const std::string& name) {
    const std::size_t slash = name.find('/');
    const std::string folder = name.substr(0, slash);
    return slash != std::string::npos && name.find('/', slash + 1) == std::string::npos &&
           name.substr(slash + 1) != ".." && (folder == "figures" || folder == "tables");
}

/// Removes what earlier reports wrote into `folder` and this one, of the same format, did not: the
/// figures and tables of cells and settings that are gone. Files of others stay.
template <typename Wants>
void remove_earlier_files(const fs::path& folder,
                          const std::vector<NewFile>& files,
                          const Wants& wants) {
    std::set<std::string> names;
    for (const NewFile& file : files) {
        if (is_listed(file.name)) {
            names.insert(file.name);
        }
    }
    const fs::path list = folder / kList;
    const bool is_known =
        storage::look_at_file(list).presence == storage::FileLook::Presence::Regular;
    std::istringstream earlier(is_known ? storage::read_file(list) : "");
    for (std::string name; std::getline(earlier, name);) {
        if (!is_listed(name) || names.count(name) != 0) {
            continue;
        }
        const std::string format = fs::path(name).extension().string();
        if (wants(kPage) || (!format.empty() && wants(format.substr(1)))) {
            std::error_code ignored;
            fs::remove(folder / name, ignored);
        } else {
            names.insert(name);
        }
    }
    for (const char* own : {"figures", "tables"}) {
        std::error_code ignored;
        fs::remove(folder / own, ignored);  // where nothing is left in it
    }
    std::string text;
    for (const std::string& name : names) {
        text += name + "\n";
    }
    if (is_known || !names.empty()) {
        storage::write_file_atomic(list, text);
    }
}

}  // namespace

std::vector<std::string> report_formats() {
    std::vector<std::string> formats = {kPage};
    for (const FileOfFormat& file : kFiles) {
        formats.emplace_back(file.format);
    }
    return formats;
}

std::string report_text(const analysis::Report& report,
                        const analysis::Document& document,
                        const std::string& format) {
    if (format == "csv") {
        return analysis::csv_report(report);
    }
    if (format == "csv-long") {
        return analysis::csv_long(report);
    }
    if (format == "csv-wide") {
        return analysis::csv_wide(report);
    }
    if (format == "csv-classes") {
        return analysis::csv_classes(report);
    }
    if (format == "json") {
        return analysis::json_report(report);
    }
    return format == "tex" ? analysis::latex_report(report, document)
                           : analysis::markdown_text(document);
}

std::vector<fs::path> write_report_files(const analysis::Report& report,
                                         analysis::Document document,
                                         const std::vector<std::string>& formats,
                                         bool with_figures,
                                         const fs::path& folder) {
    const auto wants = [&](const std::string& format) {
        return std::find(formats.begin(), formats.end(), format) != formats.end();
    };
    std::vector<NewFile> files;
    if (wants(kPage) && with_figures) {
        analysis::add_figures(report, document);
        const DrawnFigures drawn = draw_figures(document);
        if (!drawn.problem.empty()) {
            document.lead.emplace_back(analysis::Paragraph{drawn.problem});
        }
        files = figure_files(document, drawn);
    }
    for (const FileOfFormat& file : kFiles) {
        if (wants(file.format) || (wants(kPage) && std::string(file.format) != "csv")) {
            files.push_back({file.name, report_text(report, document, file.format)});
        }
    }
    for (const char* format : {"tex", "csv"}) {
        if (wants(kPage) || wants(format)) {
            add_table_files(report, format, files);
        }
    }
    if (wants(kPage)) {
        files.push_back({"index.html", analysis::html_text(document, {100, true})});
    }
    storage::create_directories(folder);
    if (!files.empty() && files.front().name.rfind("figures/", 0) == 0) {
        storage::create_directories(folder / "figures");
    }
    if (!report.tables.empty()) {
        storage::create_directories(folder / "tables");
    }
    std::vector<storage::PendingFile> pending;
    for (const NewFile& file : files) {
        pending.emplace_back(folder / file.name);
        write(pending.back(), file.bytes);
    }
    std::vector<fs::path> paths;
    for (storage::PendingFile& file : pending) {
        file.publish();
        paths.push_back(file.target());
    }
    remove_earlier_files(folder, files, wants);
    return paths;
}

}  // namespace harrow::cli
