#include "analysis/document/plain_text.hpp"

#include <cstddef>

namespace harrow::analysis {
namespace {

constexpr char32_t kReplacement = 0xFFFD;

/// Bytes of the sequence that begins with `lead`; 0 for a byte that begins none.
std::size_t sequence_length(unsigned char lead) {
    return lead < 0x80   ? 1
           : lead < 0xC2 ? 0
           : lead < 0xE0 ? 2
           : lead < 0xF0 ? 3
           : lead < 0xF5 ? 4
                         : 0;
}

/// Decodes the sequence at `at` and moves behind it; a broken one costs one byte.
char32_t next_point(std::string_view text, std::size_t& at) {
    const auto lead = static_cast<unsigned char>(text[at]);
    const std::size_t length = sequence_length(lead);
    if (length == 1) {
        ++at;
        return lead;
    }
    char32_t point = lead & (0xFFU >> (length + 1));
    for (std::size_t i = 1; i < length; ++i) {
        const unsigned next = at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0U;
        if ((next & 0xC0U) != 0x80U) {
            ++at;
            return kReplacement;
        }
        point = (point << 6U) | (next & 0x3FU);
    }
    const bool is_overlong = (length == 3 && point < 0x800) || (length == 4 && point < 0x10000);
    const bool is_surrogate = point >= 0xD800 && point < 0xE000;
    if (length == 0 || is_overlong || is_surrogate || point > 0x10FFFF) {
        ++at;
        return kReplacement;
    }
    at += length;
    return point;
}

bool is_control(char32_t point) {
    return point < 0x20 || (point >= 0x7F && point < 0xA0) || point == 0x2028 || point == 0x2029 ||
           point == 0x200E || point == 0x200F || (point >= 0x202A && point <= 0x202E) ||
           (point >= 0x2066 && point <= 0x2069) || point == 0x61C || point == 0xFEFF ||
           (point & 0xFFFEU) == 0xFFFE;
}

}  // namespace

std::u32string plain_points(std::string_view text) {
    std::u32string points;
    points.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
        const char32_t point = next_point(text, at);
        if (point == '\n' || point == '\r' || point == '\t') {
            points += U' ';
        } else {
            points += is_control(point) ? kReplacement : point;
        }
    }
    return points;
}

std::string utf8_text(char32_t point) {
    std::string text;
    const auto add = [&text](char32_t byte) { text += static_cast<char>(byte); };
    if (point < 0x80) {
        add(point);
    } else if (point < 0x800) {
        add(0xC0 | (point >> 6U));
        add(0x80 | (point & 0x3FU));
    } else if (point < 0x10000) {
        add(0xE0 | (point >> 12U));
        add(0x80 | ((point >> 6U) & 0x3FU));
        add(0x80 | (point & 0x3FU));
    } else {
        add(0xF0 | (point >> 18U));
        add(0x80 | ((point >> 12U) & 0x3FU));
        add(0x80 | ((point >> 6U) & 0x3FU));
        add(0x80 | (point & 0x3FU));
    }
    return text;
}

std::string plain_text(std::string_view text) {
    std::string plain;
    plain.reserve(text.size());
    for (const char32_t point : plain_points(text)) {
        plain += utf8_text(point);
    }
    return plain;
}

}  // namespace harrow::analysis
