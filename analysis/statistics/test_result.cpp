#include "analysis/statistics/test_result.hpp"

#include <array>
#include <charconv>

namespace harrow::analysis {

std::string note_number(double value) {
    std::array<char, 32> text{};
    const auto end =
        std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::general, 4);
    return {text.data(), end.ptr};
}

std::string reach_note(std::size_t n, double smallest_p, double alpha) {
    if (smallest_p <= alpha) {
        return {};
    }
    return "n = " + std::to_string(n) + ": the smallest possible p is " + note_number(smallest_p) +
           ", above " + note_number(alpha);
}

}  // namespace harrow::analysis
