#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace harrow::storage {

/// The dotted name of a parameter that a table's column may hold: by that name, an alias, an
/// unambiguous last component, or as others usually call it (epochs, learning_rate, bs). Absent for
/// other names, and for rehearsals' `seconds` and `tasks`, which are words of their own.
std::optional<std::string> setting_name(std::string_view column);

/// One spelling per value (`0.0003`, `3e-4` and `0,0003` are `3e-04`) where Harrow understands it;
/// else the text as it is.
std::string setting_text(const std::string& dotted_name, std::string_view value);

}  // namespace harrow::storage
