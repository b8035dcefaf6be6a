#pragma once

#include <string>

namespace harrow::sweeps {

/// Reference of all parameters, or of those `method` uses, as Markdown. Throws UsageError for an
/// unknown method.
std::string parameters_markdown(const std::string& method = "");

/// The same as aligned columns for a terminal.
std::string parameters_table(const std::string& method = "");

}  // namespace harrow::sweeps
