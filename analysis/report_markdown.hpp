#pragma once

#include <string>

#include "analysis/report.hpp"

namespace harrow::analysis {

/// GitHub tables: cells × metrics, continual metrics, classes, the best cell, what is missing.
std::string markdown_report(const Report& report);

}  // namespace harrow::analysis
