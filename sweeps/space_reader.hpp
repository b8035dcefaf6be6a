#pragma once

#include <string>
#include <vector>

#include "sweeps/spec.hpp"

namespace harrow::sweeps {

/// Reads the list under `space`. Paths are relative to `directory`. What `overridden` keys hold in
/// grid, zip, set and seeds is skipped.
std::vector<Block> read_space(const YamlNode& node,
                              const std::string& directory,
                              const KeySet& overridden,
                              std::vector<Problem>& problems);

}  // namespace harrow::sweeps
