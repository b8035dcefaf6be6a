#include "cli/quantities.hpp"

#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <cstdio>

#include "sweeps/error.hpp"

namespace harrow::cli {
namespace {

/// The number `text` begins with; `rest` receives what follows it. -1 when there is none.
double leading_number(const std::string& text, std::string& rest) {
    double number = -1;
    const char* const end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data(), end, number, std::chars_format::fixed);
    if (parsed.ec != std::errc() || !std::isfinite(number) || number < 0) {
        return -1;
    }
    rest.assign(parsed.ptr, end);
    return number;
}

constexpr std::array<char, 5> kSizeUnits = {'K', 'M', 'G', 'T', 'P'};

}  // namespace

std::uint64_t parse_size(const std::string& text) {
    std::string unit;
    double bytes = leading_number(text, unit);
    for (char& letter : unit) {
        letter = static_cast<char>(std::toupper(static_cast<unsigned char>(letter)));
    }
    double factor = unit.empty() || unit == "B" ? 1.0 : 0.0;
    double power = 1.0;
    for (const char letter : kSizeUnits) {
        power *= 1024.0;
        const std::string name(1, letter);
        if (unit == name || unit == name + "B" || unit == name + "IB") {
            factor = power;
        }
    }
    bytes *= factor;
    if (bytes < 0 || factor == 0.0 || bytes > 9e18) {
        throw sweeps::UsageError("'" + text + "' is not a size; write for example 50G or 500M");
    }
    return static_cast<std::uint64_t>(std::llround(bytes));
}

std::int64_t parse_duration(const std::string& text) {
    std::string unit;
    const double number = leading_number(text, unit);
    const double factor = unit == "d"   ? 86400.0
                          : unit == "h" ? 3600.0
                          : unit == "m" ? 60.0
                          : unit == "s" ? 1.0
                                        : 0.0;
    if (number < 0 || factor == 0.0 || number * factor > 1e12) {
        throw sweeps::UsageError("'" + text + "' is not a time; write for example 30d, 12h or 90m");
    }
    return std::llround(number * factor);
}

std::string size_text(std::uint64_t bytes) {
    if (bytes < 1024) {
        return std::to_string(bytes) + " B";
    }
    auto value = static_cast<double>(bytes);
    char unit = 0;
    for (const char letter : kSizeUnits) {
        if (value < 1023.95) {
            break;
        }
        value /= 1024.0;
        unit = letter;
    }
    char text[48];
    std::snprintf(text, sizeof(text), value < 100 ? "%.1f %ciB" : "%.0f %ciB", value, unit);
    return text;
}

}  // namespace harrow::cli
