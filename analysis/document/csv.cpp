#include "analysis/document/csv.hpp"

#include <algorithm>

#include "storage/results.hpp"

namespace harrow::analysis {
namespace {

std::string remark(const TableCell& cell) {
    std::string text = cell.emphasis == Emphasis::Best  ? "bold"
                       : cell.emphasis == Emphasis::Tie ? "underlined"
                                                        : "";
    for (const std::string& part : {cell.mark, cell.suffix}) {
        text += (text.empty() || part.empty() ? "" : " ") + part;
    }
    return text;
}

/// Which extra columns a column needs.
struct Extras {
    bool spread = false, remark = false;
};

Extras extras_of(const Table& table, std::size_t column) {
    Extras extras;
    for (const TableRow& row : table.rows) {
        const TableCell& cell = row.cells[column];
        extras.spread = extras.spread || !cell.spread.empty();
        extras.remark = extras.remark || !remark(cell).empty();
    }
    return extras;
}

std::string line_of(const std::vector<std::string>& fields) {
    std::string line;
    for (std::size_t i = 0; i < fields.size(); ++i) {
        line += (i == 0 ? "" : ",") + storage::csv_field(fields[i]);
    }
    return line + "\n";
}

}  // namespace

std::string csv_text(const Table& table) {
    std::vector<Extras> extras;
    std::vector<std::string> fields;
    for (std::size_t c = 0; c < table.columns.size(); ++c) {
        const TableColumn& column = table.columns[c];
        const std::string heading =
            column.group.empty() ? column.heading : column.group + " " + column.heading;
        extras.push_back(extras_of(table, c));
        fields.push_back(heading);
        if (extras[c].spread) {
            fields.push_back(heading + " std");
        }
        if (extras[c].remark) {
            fields.push_back(heading + " note");
        }
    }
    std::string text = line_of(fields);
    for (const TableRow& row : table.rows) {
        fields.clear();
        for (std::size_t c = 0; c < row.cells.size(); ++c) {
            const TableCell& cell = row.cells[c];
            const bool is_absent = !cell.is_number && cell.text == "–";
            fields.push_back(is_absent ? "" : cell.text);
            if (extras[c].spread) {
                fields.push_back(cell.spread);
            }
            if (extras[c].remark) {
                fields.push_back(remark(cell));
            }
        }
        text += line_of(fields);
    }
    return text;
}

}  // namespace harrow::analysis
