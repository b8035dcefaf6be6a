#pragma once

#include <string>
#include <string_view>

namespace harrow::analysis {

/// Code points of UTF-8 text as a reader may see it: line breaks and tabs become blanks; other
/// controls, bidirectional controls and bytes that are no UTF-8 become U+FFFD.
std::u32string plain_points(std::string_view text);

/// UTF-8 of one code point.
std::string utf8_text(char32_t point);

/// The same text as UTF-8.
std::string plain_text(std::string_view text);

}  // namespace harrow::analysis
