#pragma once

#include <string>

#include "analysis/report.hpp"

namespace harrow::analysis {

/// Aligned table of cells × metrics, the objective's metric first, as many metrics as fit into
/// `width` columns (at least one); says how many it left out. UTF-8, no colour.
std::string terminal_table(const Report& report, int width);

}  // namespace harrow::analysis
