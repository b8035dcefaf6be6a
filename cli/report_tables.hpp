#pragma once

#include <string>
#include <vector>

#include "analysis/report.hpp"

namespace harrow::cli {

/// Puts the tables of a file in the place of those that the runs bring along. Throws
/// sweeps::UsageError when the file is wrong, or asks for a row, a dataset or a metric that is not
/// there.
void use_tables(const std::string& file, analysis::Report& report);

/// The report's tables for papers alone, in format md, tex or csv, in their order. tex: a float
/// with caption and label where there is a caption, else the tabular with its notes. csv: an empty
/// line between two tables.
std::string tables_text(const analysis::Report& report, const std::string& format);

/// One table for \input or for a spreadsheet: its bare tabular with notes, or its csv.
std::string table_file(const analysis::Table& table, const std::string& format);

}  // namespace harrow::cli
