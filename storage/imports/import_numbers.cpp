#include "storage/imports/import_numbers.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "sweeps/utf8.hpp"

namespace harrow::storage {
namespace {

constexpr std::size_t kShownCharacters = 60;

/// What stands between mean and standard deviation.
constexpr std::array<std::string_view, 4> kPlusMinus = {"\xc2\xb1", "+-", "+/-", "\xb1"};

std::string quoted(std::string_view text) {
    return text.size() <= kShownCharacters
               ? "'" + std::string(text) + "'"
               : "'" + std::string(text.substr(0, kShownCharacters)) + "…'";
}

bool all_digits(std::string_view text) {
    return !text.empty() &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string refuse_mixed_marks(const DecimalMarks& marks) {
    return "decimal points and decimal commas are mixed: line " + std::to_string(marks.point_line) +
           " has a point, line " + std::to_string(marks.comma_line) +
           " a comma; use one of them in all of the file";
}

/// The text with a decimal point, or what is wrong with its comma.
std::string with_point(std::string_view text,
                       std::int64_t line,
                       DecimalMarks& marks,
                       std::string& problem) {
    std::string number(text);
    const std::size_t comma = number.find(',');
    const bool has_point = number.find('.') != std::string::npos;
    if (comma == std::string::npos) {
        if (has_point && marks.point_line == 0) {
            marks.point_line = line;
            if (marks.comma_line != 0) {
                problem = refuse_mixed_marks(marks);
            }
        }
        return number;
    }
    if (has_point || number.find(',', comma + 1) != std::string::npos) {
        problem = quoted(text) + " is not a number: it may not have marks between thousands";
        return number;
    }
    number[comma] = '.';
    if (!marks.comma_allowed) {
        problem = quoted(text) + " has a decimal comma; write " + number +
                  ", or part the fields of the file with ';'";
        return number;
    }
    if (marks.comma_line == 0) {
        marks.comma_line = line;
        if (marks.point_line != 0) {
            problem = refuse_mixed_marks(marks);
        }
    }
    return number;
}

std::string why_no_number(std::string_view text) {
    const char last = text.back();
    if (last == '%' || last == '*') {
        return quoted(text) + " is not a number: leave out the '" + last + "'";
    }
    return quoted(text) + " is not a number";
}

ParsedNumber parse_one(std::string_view text, std::int64_t line, DecimalMarks& marks) {
    ParsedNumber parsed;
    if (text.empty()) {
        parsed.problem = "a number is missing beside the ±";
        return parsed;
    }
    const std::string number = with_point(text, line, marks, parsed.problem);
    if (!parsed.problem.empty()) {
        return parsed;
    }
    const std::size_t sign = number[0] == '+' ? 1 : 0;
    const char* const end = number.data() + number.size();
    const auto result = std::from_chars(number.data() + sign, end, parsed.value);
    if (result.ec == std::errc::result_out_of_range && result.ptr == end) {
        parsed.problem = quoted(text) + " is too large or too small for a number of 64 bits";
    } else if (result.ec != std::errc() || result.ptr != end ||
               (sign == 1 && number.size() > 1 && number[1] == '-')) {
        parsed.problem = why_no_number(text);
    } else if (!std::isfinite(parsed.value)) {
        parsed.problem = quoted(text) +
                         ": NaN and infinite values cannot be tested; leave out a value that is "
                         "not defined";
    }
    return parsed;
}

}  // namespace

std::string_view trimmed_field(std::string_view field) {
    constexpr std::string_view kNoBreakSpace = "\xc2\xa0";
    while (!field.empty()) {
        if (field.front() == ' ' || field.front() == '\t') {
            field.remove_prefix(1);
        } else if (field.back() == ' ' || field.back() == '\t') {
            field.remove_suffix(1);
        } else if (field.substr(0, 2) == kNoBreakSpace) {
            field.remove_prefix(2);
        } else if (field.size() >= 2 && field.substr(field.size() - 2) == kNoBreakSpace) {
            field.remove_suffix(2);
        } else {
            break;
        }
    }
    return field;
}

ParsedNumber parse_import_number(std::string_view text,
                                 bool with_std,
                                 std::int64_t line,
                                 DecimalMarks& marks) {
    for (const std::string_view sign : kPlusMinus) {
        const std::size_t at = text.find(sign, 1);
        if (at == std::string_view::npos) {
            continue;
        }
        if (sign == "\xb1") {
            if (sweeps::valid_utf8_prefix(text) == text.size()) {
                continue;  // a part of another character
            }
            return {0, {}, "the ± is not UTF-8: save the file as UTF-8, or write +-"};
        }
        if (!with_std) {
            return {0,
                    {},
                    quoted(text) +
                        " is a mean over seeds, in a row of one seed; leave the seed of published "
                        "values empty"};
        }
        ParsedNumber parsed = parse_one(trimmed_field(text.substr(0, at)), line, marks);
        const ParsedNumber std =
            parse_one(trimmed_field(text.substr(at + sign.size())), line, marks);
        parsed.std = std.value;
        if (parsed.problem.empty()) {
            parsed.problem = std.problem;
        }
        if (parsed.problem.empty() && std.value < 0) {
            parsed.problem = quoted(text) + ": a standard deviation cannot be negative";
        }
        return parsed;
    }
    return parse_one(text, line, marks);
}

std::string parse_import_seed(std::string_view text, std::uint64_t& seed) {
    const auto result = std::from_chars(text.data(), text.data() + text.size(), seed);
    if (all_digits(text) && result.ec == std::errc()) {
        return "";
    }
    if (all_digits(text)) {
        return "seed " + quoted(text) + " is larger than 18446744073709551615";
    }
    const std::size_t point = text.find_first_of(".,");
    if (point != std::string_view::npos && all_digits(text.substr(0, point)) &&
        text.find_first_not_of('0', point + 1) == std::string_view::npos) {
        return "seed " + quoted(text) + " is not a whole number: write " +
               std::string(text.substr(0, point));
    }
    return "seed " + quoted(text) + " is not a whole number of 0 or more in plain digits";
}

std::string parse_import_index(std::string_view text, int max, int& index) {
    const auto result = std::from_chars(text.data(), text.data() + text.size(), index);
    if (all_digits(text) && result.ec == std::errc() && index <= max) {
        return "";
    }
    return quoted(text) + " is not a whole number from 0 to " + std::to_string(max);
}

bool is_missing_value(std::string_view trimmed) {
    constexpr std::array<std::string_view, 7> kNone = {
        "", "-", "\xe2\x80\x93", "\xe2\x80\x94", "N/A", "n/a", "NA"};
    return std::find(kNone.begin(), kNone.end(), trimmed) != kNone.end();
}

}  // namespace harrow::storage
