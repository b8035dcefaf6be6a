#include "analysis/figures/svg.hpp"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <vector>

#include "analysis/document/plain_text.hpp"

namespace harrow::analysis {
namespace {

/// Whether `at` lies between a `<` and its `>`. Elsewhere stands what users wrote.
bool is_in_tag(const std::string& svg, std::size_t at) {
    const std::size_t open = svg.rfind('<', at);
    const std::size_t close = svg.rfind('>', at);
    return open != std::string::npos && (close == std::string::npos || close < open);
}

/// In tags alone.
void replace_all(std::string& text, std::string_view from, std::string_view to) {
    std::string result;
    std::size_t done = 0;
    for (std::size_t found = 0; (found = text.find(from, found)) != std::string::npos;
         found += from.size()) {
        if (is_in_tag(text, found)) {
            result.append(text, done, found - done);
            result += to;
            done = found + from.size();
        }
    }
    text = result.append(text, done, std::string::npos);
}

/// Removes all from `begin` to the end of `end`, every time; `begin` lies in a tag.
void remove_between(std::string& text, std::string_view begin, std::string_view end) {
    for (std::size_t at = 0; (at = text.find(begin, at)) != std::string::npos;) {
        if (!is_in_tag(text, at)) {
            at += begin.size();
            continue;
        }
        const std::size_t last = text.find(end, at + begin.size());
        if (last == std::string::npos) {
            return;
        }
        text.erase(at, last + end.size() - at);
    }
}

constexpr const char* kHexDigits = "0123456789abcdef";

std::string unhidden(std::string_view digits) {
    std::string text;
    const auto value = [](char digit) {
        return static_cast<unsigned>(std::string_view(kHexDigits).find(digit));
    };
    for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
        text += static_cast<char>(value(digits[i]) * 16 + value(digits[i + 1]));
    }
    return text;
}

std::string xml_escaped(std::string_view text) {
    std::string result;
    for (const char c : text) {
        result += c == '&' ? "&amp;" : c == '<' ? "&lt;" : c == '>' ? "&gt;" : std::string(1, c);
    }
    return result;
}

/// gnuplot calls scripts of its own for hovering; browsers show a title without any.
void make_titles(std::string& svg) {
    constexpr std::string_view kBegin = " onmousemove=\"gnuplot_svg.showHypertext(evt,'";
    constexpr std::string_view kEnd =
        "')\" onmouseout=\"gnuplot_svg.hideHypertext()\"><title> </title>";
    for (std::size_t at = 0; (at = svg.find(kBegin, at)) != std::string::npos;) {
        if (!is_in_tag(svg, at)) {
            at += kBegin.size();
            continue;
        }
        const std::size_t end = svg.find(kEnd, at);
        if (end == std::string::npos) {
            return;
        }
        const std::size_t first = at + kBegin.size();
        const std::string title =
            "><title>" + xml_escaped(unhidden(svg.substr(first, end - first))) + "</title>";
        svg.replace(at, end + kEnd.size() - at, title);
        at += title.size();
    }
}

/// Groups without content: most of what gnuplot writes. What is left may be empty in turn.
void remove_empty_groups(std::string& svg) {
    for (bool is_changed = true; is_changed;) {
        is_changed = false;
        std::string kept;
        std::size_t done = 0;
        for (std::size_t at = 0; (at = svg.find("<g ", at)) != std::string::npos;) {
            const std::size_t content = svg.find('>', at);
            const std::size_t next = svg.find_first_not_of(" \t\n", content + 1);
            if (content == std::string::npos || next == std::string::npos) {
                break;
            }
            if (svg.compare(next, 4, "</g>") != 0) {
                at = content;
                continue;
            }
            kept.append(svg, done, at - done);
            done = at = next + 4;
            is_changed = true;
        }
        svg = kept.append(svg, done, std::string::npos);
    }
    std::string lines;
    for (std::size_t at = 0; at < svg.size();) {
        const std::size_t end = std::min(svg.find('\n', at), svg.size());
        if (svg.find_first_not_of(" \t", at) < end) {
            lines.append(svg, at, end - at) += '\n';
        }
        at = end + 1;
    }
    svg = std::move(lines);
}

/// Point symbols stand one a line; some are made of others.
void remove_unused_symbols(std::string& svg) {
    for (bool is_changed = true; is_changed;) {
        is_changed = false;
        for (std::size_t at = 0; (at = svg.find(" id='gp", at)) != std::string::npos;) {
            const std::size_t name = at + 5;
            const std::string reference =
                "'#" + svg.substr(name, svg.find('\'', name) - name) + "'";
            if (!is_in_tag(svg, at) || svg.find(reference) != std::string::npos) {
                at = name;
                continue;
            }
            const std::size_t begin = svg.rfind('\n', at) + 1;
            svg.erase(begin, svg.find('\n', at) + 1 - begin);
            at = begin;
            is_changed = true;
        }
    }
}

}  // namespace

std::string finished_svg(std::string svg, const std::string& id) {
    remove_between(svg, "<?xml", "?>");
    remove_between(svg, "<title>gnuplot", "</title>");
    remove_between(svg, "<title>Gnuplot", "</title>");
    remove_between(svg, "<desc>", "</desc>");
    remove_between(svg, "<filter", "</filter>");
    make_titles(svg);
    remove_empty_groups(svg);
    remove_unused_symbols(svg);
    for (const char* attribute : {"stroke", "fill", "color"}) {
        for (const char* quote : {"'", "\""}) {
            const std::string set = std::string(attribute) + "=" + quote;
            replace_all(svg, set + "black" + quote, set + "currentColor" + quote);
        }
    }
    replace_all(svg, "id='gp", "id='" + id + "-gp");
    replace_all(svg, "'#gp", "'#" + id + "-gp");
    replace_all(svg, "id=\"gnuplot_", "id=\"" + id + "-");
    const std::size_t head = svg.find('>', svg.find("<svg"));
    if (head != std::string::npos) {
        svg.insert(
            head + 1,
            "\n<style>@media (prefers-color-scheme: dark) { svg { color: #e4e8ec } }</style>");
    }
    return svg;
}

std::string inline_svg(std::string svg) {
    remove_between(svg, "<style>", "</style>\n");
    remove_between(svg, " xmlns:xlink=\"", "\"");
    remove_between(svg, " xmlns=\"", "\"");
    replace_all(svg, "xlink:href", "href");
    return svg;
}

std::string hover_text(const std::string& text) {
    std::string digits;
    for (const char c : plain_text(text)) {
        const auto byte = static_cast<unsigned char>(c);
        digits += kHexDigits[byte >> 4U];
        digits += kHexDigits[byte & 15U];
    }
    return digits;
}

std::string without_dates(std::string pdf) {
    for (const std::string_view field : {"/CreationDate (D:", "/ModDate (D:"}) {
        for (std::size_t at = 0; (at = pdf.find(field, at)) != std::string::npos;) {
            at += field.size();
            for (std::size_t i = at; i < pdf.size() && pdf[i] >= '0' && pdf[i] <= '9'; ++i) {
                pdf[i] = std::string_view("20000101000000")[std::min<std::size_t>(i - at, 13)];
            }
        }
    }
    return pdf;
}

}  // namespace harrow::analysis
