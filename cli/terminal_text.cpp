#include "cli/terminal_text.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "sweeps/utf8.hpp"

namespace harrow::cli {
namespace {

/// Of a character that is well-formed UTF-8.
std::uint32_t code_point(std::string_view character) {
    const auto lead = static_cast<unsigned char>(character[0]);
    if (character.size() == 1) {
        return lead;
    }
    std::uint32_t code = lead & (0xFFU >> (character.size() + 1));
    for (const char c : character.substr(1)) {
        code = code << 6 | (static_cast<unsigned char>(c) & 0x3FU);
    }
    return code;
}

/// Bytes of the character at the start of `text`; 0 when it is no UTF-8.
std::size_t character_bytes(std::string_view text) {
    for (std::size_t bytes = 1; bytes <= std::min<std::size_t>(4, text.size()); ++bytes) {
        if (sweeps::valid_utf8_prefix(text.substr(0, bytes)) == bytes) {
            return bytes;
        }
    }
    return 0;
}

/// Controls by category Cc, line and paragraph separators, and Bidi_Control (Unicode 15).
bool steers(std::uint32_t code) {
    return code < 0x20 || (code >= 0x7F && code <= 0x9F) || code == 0x061C || code == 0x200E ||
           code == 0x200F || (code >= 0x2028 && code <= 0x202E) ||
           (code >= 0x2066 && code <= 0x2069);
}

std::string shown(std::string_view text, std::string_view kept) {
    std::string result;
    while (!text.empty()) {
        const std::size_t bytes = character_bytes(text);
        const std::string_view character = text.substr(0, std::max<std::size_t>(1, bytes));
        const bool is_kept = bytes == 1 && kept.find(character[0]) != std::string_view::npos;
        const bool is_harmless = bytes > 0 && (is_kept || !steers(code_point(character)));
        result += is_harmless ? character : std::string_view("?");
        text.remove_prefix(character.size());
    }
    return result;
}

}  // namespace

std::string printable(std::string_view text) {
    return shown(text, "");
}

std::string printable_lines(std::string_view text) {
    return shown(text, "\n\t");
}

std::string fitted(std::string_view text, std::size_t columns) {
    const auto continues = [](char byte) {
        return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
    };
    std::size_t used = 0;
    std::size_t cut = 0;  // where the last column begins
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (continues(text[at])) {
            continue;
        }
        if (used == columns) {
            return columns == 0 ? "" : std::string(text.substr(0, cut)) + "…";
        }
        cut = at;
        ++used;
    }
    return std::string(text);
}

}  // namespace harrow::cli
