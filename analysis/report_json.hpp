#pragma once

#include <string>

#include "analysis/report.hpp"

namespace harrow::analysis {

/// Object with `cells`: id, name, n, missing (seeds), metrics {mean, std, values by seed}.
std::string json_report(const Report& report);

}  // namespace harrow::analysis
