#pragma once

#include <string>

#include "analysis/document/document.hpp"
#include "analysis/report.hpp"

namespace harrow::analysis {

/// The main table (cells × metrics, n in a column of its own) and every other table for print of
/// `document`, which is report_document() of the report. Needs no package but booktabs.
std::string latex_report(const Report& report, const Document& document);
std::string latex_report(const Report& report);

}  // namespace harrow::analysis
