#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace harrow::cli {

/// Text from files (names, tensors, messages about them) as it may be shown on a terminal: whatever
/// could steer one or reorder the line is '?': C0 and C1 controls, bidirectional controls, and
/// bytes that are no UTF-8. Everything else stays. For text output only; JSON escapes by itself.
std::string printable(std::string_view text);

/// The same of several lines: line breaks and tabs stay.
std::string printable_lines(std::string_view text);

/// At most `columns` columns, one per character; what is cut ends in "…".
std::string fitted(std::string_view text, std::size_t columns);

}  // namespace harrow::cli
