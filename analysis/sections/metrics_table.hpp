#pragma once

#include <string>
#include <vector>

#include "analysis/document/document.hpp"
#include "analysis/report.hpp"

namespace harrow::analysis {

/// Cells × metrics, with the objective's value of the selected cell emphasised.
Table metrics_table(const Report& report,
                    const std::string& id,
                    const std::vector<std::string>& metrics);

}  // namespace harrow::analysis
