#pragma once

#include <vector>

#include "sweeps/sweep.hpp"
#include "sweeps/yaml_tree.hpp"

namespace harrow::sweeps {

Objective read_objective(const YamlNode& node, std::vector<Problem>& problems);

/// The baseline is not looked up: cells are not known yet.
Compare read_compare(const YamlNode& node, std::vector<Problem>& problems);

}  // namespace harrow::sweeps
