#include "cli/report_tables.hpp"

#include <utility>

#include "analysis/document/csv.hpp"
#include "analysis/document/latex.hpp"
#include "analysis/document/markdown.hpp"
#include "analysis/sections/sections.hpp"
#include "sweeps/tables/table_reader.hpp"

namespace harrow::cli {

void use_tables(const std::string& file, analysis::Report& report) {
    report.tables.clear();
    for (sweeps::TableSpec& spec : sweeps::load_tables(file)) {
        report.tables.push_back({std::move(spec)});
    }
    std::vector<sweeps::Problem> problems;
    analysis::paper_tables(report, problems);
    if (!problems.empty()) {
        throw sweeps::UsageError(std::move(problems));
    }
}

std::string table_file(const analysis::Table& table, const std::string& format) {
    return format == "csv" ? analysis::csv_text(table) : analysis::latex_text(table);
}

std::string tables_text(const analysis::Report& report, const std::string& format) {
    std::vector<sweeps::Problem> problems;
    std::string text;
    for (const analysis::Table& table : analysis::paper_tables(report, problems)) {
        std::string part;
        if (format == "md") {
            part = analysis::markdown_text(table);
        } else if (format == "tex" && !table.caption.empty()) {
            part = analysis::latex_float(table);
        } else {
            part = table_file(table, format);
        }
        text += (text.empty() ? "" : "\n") + part;
    }
    return text;
}

}  // namespace harrow::cli
