#pragma once

#include <string>

#include "analysis/document/document.hpp"

namespace harrow::analysis {

/// One line of headings, one per row. A number is its mean; where a column has spreads or anything
/// beside its numbers ("(4/5)", "†", "bold", "underlined"), columns "<heading> std" and
/// "<heading> note" follow. Caption and notes are left out. A value that is not there is empty.
std::string csv_text(const Table& table);

}  // namespace harrow::analysis
