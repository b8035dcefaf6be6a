#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "analysis/report.hpp"

namespace harrow::analysis {

/// Basic metrics whose course over the tasks is drawn: the objective's, image_auroc and pixel_ap,
/// those of them that a cell has.
std::vector<std::string> drawn_sequence_metrics(const Report& report);

/// Cells with values of it after more than one task, best objective first.
std::vector<std::size_t> cells_with_sequence(const Report& report, const std::string& metric);

}  // namespace harrow::analysis
