#include "analysis/report_latex.hpp"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "analysis/document/latex.hpp"
#include "analysis/sections/metrics_table.hpp"
#include "analysis/sections/sections.hpp"

namespace harrow::analysis {
namespace {

constexpr const char* kMainTable = "cells";

TableCell seeds_cell(const CellSummary& cell) {
    const std::string finished = std::to_string(cell.finished.size());
    return {cell.missing.empty() ? finished
                                 : finished + "/" + std::to_string(cell.info.seeds.size())};
}

/// As the page has it, but with the number of seeds in a column of its own.
Table main_table(const Report& report, const Table& page_table) {
    Table table = page_table;
    table.columns.insert(table.columns.begin() + 1, {"n"});
    for (std::size_t i = 0; i < table.rows.size(); ++i) {
        std::vector<TableCell>& cells = table.rows[i].cells;
        for (std::size_t column = 1; column < cells.size(); ++column) {
            cells[column].suffix.clear();
        }
        const CellSummary& cell = report.summary.cells[i];
        if (!cell.info.label.empty()) {
            cells[0].text = cell.info.label;
        }
        cells.insert(cells.begin() + 1, seeds_cell(cell));
    }
    if (table.caption.empty()) {
        table.caption = report.name + ": mean ± sample standard deviation over n seeds.";
    }
    return table;
}

bool is_main(const Report& report, const Block& block) {
    const Table* table = std::get_if<Table>(&block);
    return table != nullptr && table->id == kMainTable &&
           table->rows.size() == report.summary.cells.size() && !table->columns.empty();
}

}  // namespace

std::string latex_report(const Report& report, const Document& document) {
    Document printed = document;
    for (Section& section : printed.sections) {
        for (Block& block : section.blocks) {
            if (is_main(report, block)) {
                block = main_table(report, std::get<Table>(block));
            }
        }
    }
    return latex_text(printed);
}

std::string latex_report(const Report& report) {
    return latex_report(report, report_document(report));
}

}  // namespace harrow::analysis
