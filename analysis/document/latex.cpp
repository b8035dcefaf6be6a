#include "analysis/document/latex.hpp"

#include <algorithm>

#include "analysis/document/latex_symbols.hpp"
#include "analysis/document/plain_text.hpp"

namespace harrow::analysis {
namespace {

/// Numbers with sign, exponent, unit: what reads the same in math mode.
bool is_math(std::string_view text) {
    const std::u32string points = plain_points(text);
    return !points.empty() && std::all_of(points.begin(), points.end(), [](char32_t point) {
        return (point >= U'0' && point <= U'9') ||
               std::u32string_view(U"+-−.,<>=≤≥±%∞/ ").find(point) != std::u32string_view::npos;
    });
}

std::string math_text(std::string_view text) {
    std::string result;
    for (const char32_t point : plain_points(text)) {
        switch (point) {
            case U'−':
                result += '-';
                break;
            case U'≤':
                result += "\\le ";
                break;
            case U'≥':
                result += "\\ge ";
                break;
            case U'±':
                result += "\\pm ";
                break;
            case U'∞':
                result += "\\infty ";
                break;
            case U'%':
                result += "\\%";
                break;
            case U',':
                result += "{,}";
                break;
            case U' ':
                result += "\\ ";
                break;
            default:
                result += utf8_text(point);
        }
    }
    return result;
}

std::string emphasised(std::string value, Emphasis emphasis, bool is_formula) {
    if (is_formula) {
        value = emphasis == Emphasis::Best ? "$\\mathbf{" + value + "}$" : "$" + value + "$";
    } else if (emphasis == Emphasis::Best) {
        value = "\\textbf{" + value + "}";
    }
    return emphasis == Emphasis::Tie ? "\\underline{" + value + "}" : value;
}

std::string cell_text(const TableCell& cell) {
    const bool is_formula = cell.is_number && is_math(cell.text);
    std::string value = is_formula ? math_text(cell.text) : latex_escaped(cell.text);
    if (!cell.spread.empty()) {
        value += is_formula ? " \\pm " + math_text(cell.spread)
                            : " $\\pm$ " + latex_escaped(cell.spread);
    }
    if (!value.empty()) {
        value = emphasised(std::move(value), cell.emphasis, is_formula);
    }
    if (!cell.mark.empty()) {
        value += "\\textsuperscript{" + latex_escaped(cell.mark) + "}";
    }
    if (!cell.suffix.empty()) {
        value += "~{\\scriptsize " + latex_escaped(cell.suffix) + "}";
    }
    if (!cell.cite.empty()) {
        value += "~\\cite{" + cell.cite + "}";
    }
    return value;
}

/// Headings of groups with a rule below each; empty without groups.
std::string group_lines(const std::vector<TableColumn>& columns) {
    std::string headings, rules;
    bool has_groups = false;
    for (std::size_t i = 0; i < columns.size();) {
        std::size_t end = i + 1;
        while (end < columns.size() && columns[end].group == columns[i].group) {
            ++end;
        }
        const std::string& group = columns[i].group;
        headings += i == 0 ? "" : " & ";
        if (group.empty()) {
            for (std::size_t j = i + 1; j < end; ++j) {
                headings += " & ";
            }
        } else {
            has_groups = true;
            headings +=
                "\\multicolumn{" + std::to_string(end - i) + "}{c}{" + latex_escaped(group) + "}";
            rules += "\\cmidrule(lr){" + std::to_string(i + 1) + "-" + std::to_string(end) + "}";
        }
        i = end;
    }
    return has_groups ? headings + " \\\\\n" + rules + "\n" : "";
}

std::string notes_text(const Table& table) {
    std::string text;
    for (const std::string& note : table.notes) {
        text += "\n\\par\\smallskip{\\footnotesize " + latex_escaped(note) + "\\par}";
    }
    return text.empty() ? "" : text + "\n";
}

std::string tabular(const Table& table) {
    std::string text = "\\begin{tabular}{";
    for (const TableColumn& column : table.columns) {
        text += column.is_text ? 'l' : 'r';
    }
    text += "}\n\\toprule\n" + group_lines(table.columns);
    std::string separator;
    for (const TableColumn& column : table.columns) {
        text += separator + latex_escaped(column.heading);
        separator = " & ";
    }
    text += " \\\\\n\\midrule\n";
    for (std::size_t i = 0; i < table.rows.size(); ++i) {
        const TableRow& row = table.rows[i];
        text += row.rule_above && i > 0 ? "\\midrule\n" : "";
        separator.clear();
        for (const TableCell& cell : row.cells) {
            text += separator + cell_text(cell);
            separator = " & ";
        }
        text += " \\\\\n";
    }
    return text + "\\bottomrule\n\\end{tabular}\n";
}

}  // namespace

std::string latex_escaped(std::string_view text) {
    std::string result;
    char32_t last = 0;
    for (const char32_t point : plain_points(text)) {
        // `--` would become a dash, `''` a quotation mark.
        result += point == last && (point == U'-' || point == U'\'' || point == U'`') ? "{}" : "";
        result += latex_symbol(point);
        last = point;
    }
    return result;
}

std::string latex_text(const Table& table) {
    return tabular(table) + notes_text(table);
}

std::string latex_float(const Table& table) {
    std::string text = "\\begin{table}[htbp]\n\\centering\n";
    if (!table.caption.empty()) {
        text += "\\caption{" + latex_escaped(table.caption) + "}\n";
        text += "\\label{tab:" + table.id + "}\n";
    }
    return text + latex_text(table) + "\\end{table}\n";
}

std::string latex_text(const Document& document) {
    std::string text = "% " + latex_escaped(document.title) +
                       ": mean \\pm sample standard deviation\n" + "% \\usepackage{booktabs}\n";
    const auto add = [&text](const std::vector<Block>& blocks) {
        for (const Block& block : blocks) {
            const Table* table = std::get_if<Table>(&block);
            if (table == nullptr || !table->is_for_print) {
                continue;
            }
            text += "\n" + latex_float(*table);
        }
    };
    add(document.lead);
    for (const Section& section : document.sections) {
        add(section.blocks);
    }
    return text;
}

}  // namespace harrow::analysis
