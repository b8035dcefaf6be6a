#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace harrow::storage {

/// Without spaces, tabs and no-break spaces at both ends.
std::string_view trimmed_field(std::string_view field);

/// What separates the decimals of a file's numbers. A file uses one of them.
struct DecimalMarks {
    bool comma_allowed = false;                   ///< where `;` or tabs part the fields
    std::int64_t point_line = 0, comma_line = 0;  ///< where each was first seen; 0: not yet
};

/// A value, or what is wrong with it.
struct ParsedNumber {
    double value = 0;
    std::optional<double> std;  ///< of `98.03 ± 0.19`
    std::string problem;        ///< empty: none
};

/// A finite decimal number (`98.03`, `9.8e1`, with `;` also `98,03`), and where `with_std` also
/// `mean ± std`, `mean+-std`, `mean +/- std`. `text` is trimmed and not empty.
ParsedNumber parse_import_number(std::string_view text,
                                 bool with_std,
                                 std::int64_t line,
                                 DecimalMarks& marks);

/// A seed: a whole number from 0 to 2^64 - 1 in plain digits. Answers what is wrong with others.
std::string parse_import_seed(std::string_view text, std::uint64_t& seed);

/// A whole number from 0 to `max`. Answers what is wrong with others.
std::string parse_import_index(std::string_view text, int max, int& index);

/// What tables write where there is no value: nothing, a dash, N/A.
bool is_missing_value(std::string_view trimmed);

}  // namespace harrow::storage
