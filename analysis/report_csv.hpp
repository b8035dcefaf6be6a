#pragma once

#include <string>

#include "analysis/report.hpp"

namespace harrow::analysis {

/// One line per cell and metric, shortest round-trip numbers; an absent value is an empty field.
std::string csv_report(const Report& report);

}  // namespace harrow::analysis
