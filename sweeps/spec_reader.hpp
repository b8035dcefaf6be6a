#pragma once

#include <string>
#include <vector>

#include "sweeps/spec.hpp"

namespace harrow::sweeps {

/// Reads `text`, and before it the files it includes, each overwriting what came before. Whatever
/// is wrong is appended to `problems`; what could be read is returned. Values of `overridden` keys
/// are not looked at where an override replaces them.
Spec read_spec(const std::string& text,
               const std::string& file,
               const std::string& directory,
               const KeySet& overridden,
               std::vector<Problem>& problems);

/// The content of a sweep file. Throws UsageError: missing, a directory, unreadable, over 4 MiB.
std::string read_sweep_file(const std::string& file);

}  // namespace harrow::sweeps
