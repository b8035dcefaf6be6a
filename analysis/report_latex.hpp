#pragma once

#include <string>

#include "analysis/report.hpp"

namespace harrow::analysis {

/// A booktabs tabular of cells × metrics in math mode; needs no package but booktabs.
std::string latex_report(const Report& report);

}  // namespace harrow::analysis
