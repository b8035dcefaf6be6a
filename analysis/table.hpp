#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace harrow::analysis {

/// Text cells; the first column is aligned left, the others right unless they hold prose.
struct TextTable {
    std::vector<std::string> header;
    std::vector<std::vector<std::string>> rows;  ///< each as long as the header
    bool is_prose = false;                       ///< all columns left
};

/// Terminal columns of UTF-8 text, one per code point.
std::size_t display_width(const std::string& text);
/// At most `width` columns; what is cut off becomes "…".
std::string truncated(const std::string& text, std::size_t width);

/// GitHub table, padded so that its source reads as a table; `|` and line breaks are escaped.
std::string markdown_table(const TextTable& table);
/// Columns parted by two spaces, a rule under the header.
std::string aligned_table(const TextTable& table);

}  // namespace harrow::analysis
