#include "analysis/document/html.hpp"

#include <algorithm>
#include <string_view>

#include "analysis/document/html_style.hpp"
#include "analysis/document/plain_text.hpp"
#include "analysis/figures/svg.hpp"
#include "analysis/table.hpp"

namespace harrow::analysis {
namespace {

constexpr std::size_t kWideColumns = 8, kWidestColumns = 13;  // on paper
constexpr std::size_t kShortRows = 20;                        // kept on one sheet

/// For content and for quoted attributes. A number and its spread are never parted.
std::string escaped(std::string_view text) {
    std::string result;
    const std::u32string points = plain_points(text);
    for (std::size_t i = 0; i < points.size(); ++i) {
        const char32_t point = points[i];
        const bool is_beside_spread =
            point == U' ' &&
            ((i + 1 < points.size() && points[i + 1] == U'±') || (i > 0 && points[i - 1] == U'±'));
        if (is_beside_spread) {
            result += "&nbsp;";
        } else if (point == U'&') {
            result += "&amp;";
        } else if (point == U'<') {
            result += "&lt;";
        } else if (point == U'>') {
            result += "&gt;";
        } else if (point == U'"') {
            result += "&quot;";
        } else if (point == U'\'') {
            result += "&#39;";
        } else {
            result += utf8_text(point);
        }
    }
    return result;
}

std::string base64(const std::vector<std::uint8_t>& bytes) {
    constexpr const char* kDigits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    text.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
        unsigned triple = 0;
        for (std::size_t j = 0; j < 3; ++j) {
            triple = (triple << 8U) | (j < count ? bytes[i + j] : 0U);
        }
        for (std::size_t digit = 0; digit < 4; ++digit) {
            text += digit <= count ? kDigits[(triple >> (18 - 6 * digit)) & 63U] : '=';
        }
    }
    return text;
}

/// A name that may be broken behind what parts its pieces.
std::string breakable(const std::string& text) {
    std::string result;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find_first_of(",;=_/", at), text.size() - 1) + 1;
        result += escaped(std::string_view(text).substr(at, end - at));
        const bool is_inside = end < text.size() && text[end] != ' ';
        result += is_inside && text.find_first_of(",;=_/", end - 1) == end - 1 ? "<wbr>" : "";
        at = end;
    }
    return result;
}

std::string value_html(const TableCell& cell) {
    const bool is_negative = cell.is_number && cell.text.rfind('-', 0) == 0;
    std::string value = is_negative      ? "−" + escaped(cell.text.substr(1))
                        : cell.is_number ? escaped(cell.text)
                                         : breakable(cell.text);
    if (!cell.spread.empty()) {
        value += "&nbsp;±&nbsp;" + escaped(cell.spread);
    }
    if (cell.emphasis == Emphasis::Best) {
        value = "<b>" + value + "</b>";
    } else if (cell.emphasis == Emphasis::Tie) {
        value = "<u>" + value + "</u>";
    }
    if (!cell.mark.empty()) {
        value += "<sup>" + escaped(cell.mark) + "</sup>";
    }
    return value + (cell.suffix.empty() ? "" : "&nbsp;<small>" + escaped(cell.suffix) + "</small>");
}

std::string cell_html(const TableCell& cell, const TableColumn& column, bool is_first) {
    std::string attributes = column.is_text ? " class=\"text\"" : "";
    if (!cell.hint.empty()) {
        attributes += " title=\"" + escaped(cell.hint) + "\"";
    }
    const bool is_heading = is_first && column.is_text;
    return is_heading ? "<th scope=\"row\"" + attributes + ">" + value_html(cell) + "</th>"
                      : "<td" + attributes + ">" + value_html(cell) + "</td>";
}

/// One row of headings, or two where columns have groups.
std::string head_html(const std::vector<TableColumn>& columns) {
    const bool has_groups = std::any_of(
        columns.begin(), columns.end(), [](const auto& column) { return !column.group.empty(); });
    const auto heading = [](const TableColumn& column, const char* span) {
        return std::string("<th scope=\"col\"") + span + (column.is_text ? " class=\"text\"" : "") +
               ">" + escaped(column.heading) + "</th>";
    };
    std::string groups, headings;
    for (std::size_t i = 0; i < columns.size();) {
        std::size_t end = i + 1;
        while (!columns[i].group.empty() && end < columns.size() &&
               columns[end].group == columns[i].group) {
            ++end;
        }
        if (!has_groups || columns[i].group.empty()) {
            (has_groups ? groups : headings) +=
                heading(columns[i], has_groups ? " rowspan=\"2\"" : "");
            ++i;
            continue;
        }
        groups += "<th class=\"group\" scope=\"colgroup\" colspan=\"" + std::to_string(end - i) +
                  "\">" + escaped(columns[i].group) + "</th>";
        for (; i < end; ++i) {
            headings += heading(columns[i], "");
        }
    }
    return "<thead>" + (groups.empty() ? "" : "<tr>" + groups + "</tr>") +
           (headings.empty() ? "" : "<tr>" + headings + "</tr>") + "</thead>\n";
}

bool stands_out(const TableRow& row) {
    return std::any_of(row.cells.begin(), row.cells.end(), [](const TableCell& cell) {
        return cell.emphasis != Emphasis::None;
    });
}

class Page {
public:
    explicit Page(const HtmlOptions& options) : options_(options) {}

    std::string block(const Paragraph& paragraph) const {
        return std::string(paragraph.is_warning ? "<p class=\"warning\">" : "<p>") +
               escaped(paragraph.text) + "</p>\n";
    }

    std::string block(const Table& table) const {
        std::string body;
        std::size_t shown = 0;
        for (std::size_t i = 0; i < table.rows.size(); ++i) {
            const TableRow& row = table.rows[i];
            if (options_.max_rows != 0 && i >= options_.max_rows && !stands_out(row)) {
                continue;
            }
            ++shown;
            body += row.rule_above ? "<tr class=\"rule\">" : "<tr>";
            for (std::size_t column = 0; column < row.cells.size(); ++column) {
                body += cell_html(row.cells[column], table.columns.at(column), column == 0);
            }
            body += "</tr>\n";
        }
        std::vector<std::string> notes = table.notes;
        if (shown < table.rows.size()) {
            notes.push_back(std::to_string(shown) + " of " + std::to_string(table.rows.size()) +
                            " rows are shown; all are in report.md.");
        }
        const std::string id = "table-" + escaped(table.id);
        std::string text =
            "<figure id=\"" + id + "\"" + figure_class(table) + name_width(table) + ">\n";
        if (!table.caption.empty()) {
            text += "<figcaption>" + escaped(table.caption) + "</figcaption>\n";
        }
        const std::string name = table.caption.empty() ? table.id : table.caption;
        return text + "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"" +
               escaped(name) + "\">\n<table>\n" + head_html(table.columns) + "<tbody>\n" + body +
               "</tbody>\n</table>\n</div>\n" + notes_html(notes) + "</figure>\n";
    }

    std::string block(const Figure& figure) const {
        if (figure.svg.empty()) {
            return "";
        }
        std::string links;
        if (options_.has_files) {
            const std::string file = "figures/" + escaped(figure.id);
            links = " <span class=\"files\"><a href=\"" + file + ".svg\">SVG</a>&nbsp;<a href=\"" +
                    file + ".pdf\">PDF</a></span>";
        }
        return "<figure id=\"figure-" + escaped(figure.id) +
               "\" class=\"drawing\">\n<div class=\"scroll\" tabindex=\"0\" role=\"img\" "
               "aria-label=\"" +
               escaped(figure.caption) + "\" style=\"max-width: " + std::to_string(figure.width) +
               "px; --least: " + std::to_string(figure.width * 3 / 5) + "px\">\n" +
               inline_svg(figure.svg) + "</div>\n<figcaption>" + escaped(figure.caption) + links +
               "</figcaption>\n</figure>\n";
    }

    std::string block(const Gallery& gallery) const {
        if (gallery.pictures.empty()) {
            return "";
        }
        std::string text =
            gallery.caption.empty() ? "" : "<p>" + escaped(gallery.caption) + "</p>\n";
        text += "<div class=\"gallery\">\n";
        for (const Picture& picture : gallery.pictures) {
            text += "<figure><img alt=\"" + escaped(picture.caption) +
                    "\" src=\"data:image/png;base64," + base64(picture.png) + "\"><figcaption>" +
                    escaped(picture.caption) + "</figcaption></figure>\n";
        }
        return text + "</div>\n";
    }

    /// Figures that follow each other share a row where there is room.
    std::string blocks(const std::vector<Block>& blocks) const {
        std::string text;
        bool is_open = false;
        for (const Block& content : blocks) {
            const std::string part =
                std::visit([this](const auto& one) { return block(one); }, content);
            const bool is_figure = std::holds_alternative<Figure>(content);
            if (!part.empty() && is_figure != is_open) {
                text += is_figure ? "<div class=\"drawings\">\n" : "</div>\n";
                is_open = is_figure;
            }
            text += part;
        }
        return text + (is_open ? "</div>\n" : "");
    }

private:
    static std::string figure_class(const Table& table) {
        std::string classes = table.columns.size() > kWidestColumns ? "wide widest"
                              : table.columns.size() > kWideColumns ? "wide"
                                                                    : "";
        const bool is_prose = std::count_if(table.columns.begin(),
                                            table.columns.end(),
                                            [](const auto& column) { return column.is_text; }) > 1;
        if (is_prose) {
            classes += classes.empty() ? "prose" : " prose";
        }
        if (table.rows.size() <= kShortRows) {
            classes += classes.empty() ? "short" : " short";
        }
        return classes.empty() ? "" : " class=\"" + classes + "\"";
    }

    /// Of the first column: what its longest text would take.
    static std::string name_width(const Table& table) {
        std::size_t width = 0;
        for (const TableRow& row : table.rows) {
            width = std::max(width, row.cells.empty() ? 0 : display_width(row.cells[0].text));
        }
        return " style=\"--name: " + std::to_string(std::min<std::size_t>(width, 60) + 1) + "ch\"";
    }

    static std::string notes_html(const std::vector<std::string>& notes) {
        std::string text;
        for (const std::string& note : notes) {
            text += "<li>" + escaped(note) + "</li>\n";
        }
        return text.empty() ? "" : "<ul class=\"notes\">\n" + text + "</ul>\n";
    }

    const HtmlOptions& options_;
};

std::string contents_html(const Document& document) {
    std::string text;
    for (const Section& section : document.sections) {
        text += "<li><a href=\"#" + escaped(section.id) + "\">" + escaped(section.heading) +
                "</a></li>\n";
    }
    return text.empty() ? "" : "<nav aria-label=\"Contents\">\n<ul>\n" + text + "</ul>\n</nav>\n";
}

/// Nothing may be fetched, whatever slipped into the page.
constexpr const char* kHead =
    "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<meta name=\"color-scheme\" content=\"light dark\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
    "style-src 'unsafe-inline'; img-src data:\">\n"
    "<link rel=\"icon\" href=\"data:,\">\n";

constexpr const char* kFiles =
    "<footer>The same as <a href=\"report.md\">Markdown</a>, <a href=\"tables.tex\">LaTeX "
    "tables</a> and <a href=\"summary.json\">JSON</a>; values as long <a "
    "href=\"results_long.csv\">CSV</a> and wide <a "
    "href=\"results_wide.csv\">CSV</a>.</footer>\n";

}  // namespace

std::string html_text(const Document& document, const HtmlOptions& options) {
    const Page page(options);
    std::string text = kHead;
    text += "<title>" + escaped(document.title) + "</title>\n<style>" + html_style() +
            "</style>\n</head>\n<body>\n<header>\n<h1>" + escaped(document.title) + "</h1>\n" +
            page.blocks(document.lead) + "</header>\n" + contents_html(document) + "<main>\n";
    for (const Section& section : document.sections) {
        const std::string id = escaped(section.id);
        text += "<section aria-labelledby=\"" + id + "\">\n<h2 id=\"" + id + "\"><a href=\"#" + id +
                "\">" + escaped(section.heading) + "</a></h2>\n" + page.blocks(section.blocks) +
                "</section>\n";
    }
    return text + "</main>\n" + (options.has_files ? kFiles : "") + "</body>\n</html>\n";
}

}  // namespace harrow::analysis
