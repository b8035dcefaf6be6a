#pragma once

#include <string>
#include <vector>

#include "sweeps/spec.hpp"

namespace harrow::sweeps {

/// Reads the list under `space`. Paths are relative to `directory`.
std::vector<Block> read_space(const YamlNode& node,
                              const std::string& directory,
                              std::vector<Problem>& problems);

}  // namespace harrow::sweeps
