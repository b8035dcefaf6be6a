#include <algorithm>
#include <iterator>
#include <utility>

#include "analysis/paper/paper_table.hpp"
#include "analysis/sections/sections.hpp"
#include "analysis/sections/values.hpp"

namespace harrow::analysis {
namespace {

bool is_of_run(const CellInfo& cell, const std::string& run) {
    const auto& names = cell.data_names;
    return cell.run == run || std::find(names.begin(), names.end(), run) != names.end();
}

Summary cells_of_run(const Summary& summary, const std::string& run) {
    Summary part;
    part.metrics = summary.metrics;
    std::copy_if(summary.cells.begin(),
                 summary.cells.end(),
                 std::back_inserter(part.cells),
                 [&](const CellSummary& cell) { return is_of_run(cell.info, run); });
    return part;
}

Table wanted_table(const Report& report,
                   const WantedTable& wanted,
                   std::vector<sweeps::Problem>& problems) {
    const auto& cells = report.summary.cells;
    const bool has_others = std::any_of(cells.begin(), cells.end(), [&](const CellSummary& cell) {
        return !is_of_run(cell.info, wanted.run);
    });
    const auto& same = report.compare.same;
    Table table =
        !wanted.run.empty() && has_others
            ? paper_table(wanted.spec, cells_of_run(report.summary, wanted.run), same, problems)
            : paper_table(wanted.spec, report.summary, same, problems);
    std::vector<std::string> metrics;
    for (const sweeps::TableGroupSpec& group : wanted.spec.groups) {
        for (const sweeps::TableColumnSpec& column : group.columns) {
            metrics.push_back(column.metric);
        }
    }
    for (std::string& note : metric_notes(report, metrics)) {
        table.notes.push_back(std::move(note));
    }
    return table;
}

}  // namespace

std::vector<Table> paper_tables(const Report& report, std::vector<sweeps::Problem>& problems) {
    std::vector<Table> tables;
    for (const WantedTable& wanted : report.tables) {
        tables.push_back(wanted_table(report, wanted, problems));
    }
    return tables;
}

std::optional<Section> tables_section(const Report& report) {
    if (report.tables.empty()) {
        return std::nullopt;
    }
    Section section{"tables", "Tables", {}};
    for (const WantedTable& wanted : report.tables) {
        std::vector<sweeps::Problem> problems;
        section.blocks.emplace_back(wanted_table(report, wanted, problems));
        for (const sweeps::Problem& problem : problems) {
            section.blocks.emplace_back(
                Paragraph{"Table " + wanted.spec.name + ": " + problem.message + ".", true});
        }
    }
    return section;
}

}  // namespace harrow::analysis
