#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "analysis/summary.hpp"

namespace harrow::analysis::testing {

/// A cell with values of the metric "m" by seed, of the data "data".
CellSummary cell(const std::string& name,
                 const std::map<std::string, std::string>& settings,
                 const std::map<std::uint64_t, double>& values);

}  // namespace harrow::analysis::testing
