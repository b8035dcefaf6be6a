#include "analysis/document/markdown.hpp"

#include "analysis/table.hpp"

namespace harrow::analysis {
namespace {

bool is_alnum(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// "&lt;" and the like.
bool is_entity(const std::string& text, std::size_t at) {
    std::size_t end = at + 1;
    while (end < text.size() && (is_alnum(text[end]) || text[end] == '#')) {
        ++end;
    }
    return end > at + 1 && end < text.size() && text[end] == ';';
}

/// Whether the character at `at` could be part of markup. What cannot stays readable: the
/// underscore of "wo_dia", the brackets of "[0.1, 0.2]", "p < 0.05", "0.5 * x". 0: the text's edge.
bool is_markup(const std::string& text, std::size_t at) {
    const char before = at > 0 ? text[at - 1] : '\0';
    const char after = at + 1 < text.size() ? text[at + 1] : '\0';
    switch (text[at]) {
        case '`':
        case '~':
            return true;
        case '*':
            return before != ' ' || after != ' ';
        case '_':
            return !is_alnum(before) || !is_alnum(after);
        case '\\':
            return after > 0 && after != ' ' ? !is_alnum(after) : after == '\0';
        case '<':
            return is_alnum(after) || after == '/' || after == '!' || after == '?';
        case ']':
            return after == '(' || after == '[' || after == ':';
        case '&':
            return is_entity(text, at);
        default:
            return false;
    }
}

/// Text of one line that reads as it is written. `brackets`: all of them too.
std::string escaped(const std::string& text, bool brackets = false) {
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool is_bracket = text[i] == '[' || text[i] == ']';
        result += is_markup(text, i) || (brackets && is_bracket) ? "\\" : "";
        result += text[i] == '\n' || text[i] == '\r' ? ' ' : text[i];
    }
    return result;
}

/// The same where a line begins: no heading, list or quotation.
std::string escaped_line(const std::string& text) {
    std::string line = escaped(text);
    line.erase(0, line.find_first_not_of(" \t"));
    const std::size_t digits = line.find_first_not_of("0123456789");
    if (digits == std::string::npos || digits == line.size()) {
        return line;
    }
    const char mark = line[digits];
    const bool is_number = digits > 0 && (mark == '.' || mark == ')');
    const bool is_mark = digits == 0 && std::string("#>=+-").find(mark) != std::string::npos;
    const std::size_t next = mark == '#' ? line.find_first_not_of('#') : digits + 1;
    const bool is_apart = next >= line.size() || line[next] == ' ' || line[next] == mark;
    if (mark == '>' ? is_mark : (is_number || is_mark) && is_apart) {
        line.insert(digits, "\\");
    }
    return line;
}

std::string cell_text(const TableCell& cell) {
    std::string value = escaped(cell.text) + (cell.spread.empty() ? "" : " ± " + cell.spread);
    if (cell.emphasis == Emphasis::Best) {
        value = "**" + value + "**";
    } else if (cell.emphasis == Emphasis::Tie) {
        value = "<u>" + value + "</u>";
    }
    return value + cell.mark + (cell.suffix.empty() ? "" : " " + cell.suffix);
}

std::string block_text(const Paragraph& paragraph) {
    return (paragraph.is_warning ? "**" + escaped(paragraph.text) + "**"
                                 : escaped_line(paragraph.text)) +
           "\n";
}

std::string block_text(const Table& table) {
    return markdown_text(table);
}

std::string block_text(const Figure& figure) {
    return figure.svg.empty()
               ? ""
               : "![" + escaped(figure.caption, true) + "](figures/" + figure.id + ".svg)\n";
}

std::string block_text(const Gallery&) {
    return "";
}

std::string blocks_text(const std::vector<Block>& blocks) {
    std::string text;
    for (const Block& block : blocks) {
        const std::string part =
            std::visit([](const auto& content) { return block_text(content); }, block);
        text += part.empty() ? "" : "\n" + part;
    }
    return text;
}

}  // namespace

std::string markdown_text(const Table& table) {
    TextTable plain;
    for (const TableColumn& column : table.columns) {
        plain.header.push_back(
            escaped(column.group.empty() ? column.heading : column.group + " " + column.heading));
        plain.is_prose = plain.is_prose || (column.is_text && plain.header.size() > 1);
    }
    for (const TableRow& row : table.rows) {
        std::vector<std::string> texts;
        for (const TableCell& cell : row.cells) {
            texts.push_back(cell_text(cell));
        }
        plain.rows.push_back(std::move(texts));
    }
    std::string text =
        (table.caption.empty() ? "" : escaped_line(table.caption) + "\n\n") + markdown_table(plain);
    for (const std::string& note : table.notes) {
        text += "\n" + escaped_line(note) + "\n";
    }
    return text;
}

std::string markdown_text(const Document& document) {
    std::string text = "# " + escaped(document.title) + "\n" + blocks_text(document.lead);
    for (const Section& section : document.sections) {
        text += "\n## " + escaped(section.heading) + "\n" + blocks_text(section.blocks);
    }
    return text;
}

}  // namespace harrow::analysis
