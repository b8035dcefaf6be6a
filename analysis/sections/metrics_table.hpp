#pragma once

#include <string>
#include <vector>

#include "analysis/document/document.hpp"
#include "analysis/report.hpp"

namespace harrow::analysis {

/// Marks a value that is not ranked with the others of its column.
inline constexpr const char* kLeftOutMark = "†";

/// Cells × metrics. In each column whose direction is known the best mean is bold and those tied
/// with it are underlined, see rank_metric(); values that are not ranked are marked.
Table metrics_table(const Report& report,
                    const std::string& id,
                    const std::vector<std::string>& metrics);

}  // namespace harrow::analysis
