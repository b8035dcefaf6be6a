#pragma once

#include <string>
#include <vector>

#include "sweeps/parameters.hpp"

namespace harrow::sweeps {

/// `name=value` of every parameter that is active in `config` and has another value in `reference`,
/// in the order of the table; last components where they are unambiguous.
std::vector<std::string> differences(const TrialConfig& config, const TrialConfig& reference);

/// `parts` and then the differences, joined by commas; "base" when there is neither. Other cells of
/// the sweep play no role, so that a cell keeps its name when the sweep grows.
std::string cell_name(const std::vector<std::string>& parts,
                      const TrialConfig& config,
                      const TrialConfig& reference);

}  // namespace harrow::sweeps
