#include "analysis/table.hpp"

#include <algorithm>

namespace harrow::analysis {
namespace {

bool starts_code_point(char byte) {
    return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U;
}

std::string padded(const std::string& text, std::size_t width, bool to_the_right) {
    const std::string space(width - std::min(width, display_width(text)), ' ');
    return to_the_right ? space + text : text + space;
}

std::string repeated(const std::string& text, std::size_t count) {
    std::string result;
    for (std::size_t i = 0; i < count; ++i) {
        result += text;
    }
    return result;
}

std::vector<std::size_t> column_widths(const TextTable& table) {
    std::vector<std::size_t> widths;
    for (const std::string& text : table.header) {
        widths.push_back(display_width(text));
    }
    for (const auto& row : table.rows) {
        for (std::size_t column = 0; column < widths.size(); ++column) {
            widths[column] = std::max(widths[column], display_width(row[column]));
        }
    }
    return widths;
}

std::string markdown_escaped(const std::string& text) {
    std::string result;
    for (const char c : text) {
        if (c == '|') {
            result += "\\|";
        } else if (c == '\n' || c == '\r') {
            result += ' ';
        } else {
            result += c;
        }
    }
    return result;
}

std::string markdown_line(const std::vector<std::string>& cells,
                          const std::vector<std::size_t>& widths,
                          bool is_prose) {
    std::string line = "|";
    for (std::size_t column = 0; column < widths.size(); ++column) {
        line += " " + padded(cells[column], widths[column], column > 0 && !is_prose) + " |";
    }
    return line + "\n";
}

std::string aligned_line(const std::vector<std::string>& cells,
                         const std::vector<std::size_t>& widths,
                         bool is_prose) {
    std::string line;
    for (std::size_t column = 0; column < widths.size(); ++column) {
        line += (column > 0 ? "  " : "") +
                padded(cells[column], widths[column], column > 0 && !is_prose);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    return line + "\n";
}

}  // namespace

std::size_t display_width(const std::string& text) {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), starts_code_point));
}

std::string truncated(const std::string& text, std::size_t width) {
    if (display_width(text) <= width) {
        return text;
    }
    std::size_t points = 0, end = 0;
    while (end < text.size() && (points += starts_code_point(text[end]) ? 1 : 0) < width) {
        ++end;
    }
    return width == 0 ? "" : text.substr(0, end) + "…";
}

std::string markdown_table(const TextTable& table) {
    TextTable escaped = table;
    for (std::string& text : escaped.header) {
        text = markdown_escaped(text);
    }
    for (auto& row : escaped.rows) {
        std::transform(row.begin(), row.end(), row.begin(), markdown_escaped);
    }
    std::vector<std::size_t> widths = column_widths(escaped);
    std::string rule = "|";
    for (std::size_t column = 0; column < widths.size(); ++column) {
        widths[column] = std::max<std::size_t>(widths[column], 3);
        const std::string dashes(widths[column], '-');
        rule += column == 0 || table.is_prose ? " " + dashes + " |" : " " + dashes + ":|";
    }
    std::string text = markdown_line(escaped.header, widths, table.is_prose) + rule + "\n";
    for (const auto& row : escaped.rows) {
        text += markdown_line(row, widths, table.is_prose);
    }
    return text;
}

std::string aligned_table(const TextTable& table) {
    const std::vector<std::size_t> widths = column_widths(table);
    std::string text = aligned_line(table.header, widths, table.is_prose);
    std::vector<std::string> rule;
    for (const std::size_t width : widths) {
        rule.push_back(repeated("─", width));
    }
    text += aligned_line(rule, widths, table.is_prose);
    for (const auto& row : table.rows) {
        text += aligned_line(row, widths, table.is_prose);
    }
    return text;
}

}  // namespace harrow::analysis
