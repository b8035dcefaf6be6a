#pragma once

#include "storage/imports/cell_columns.hpp"
#include "storage/imports/csv_reader.hpp"
#include "storage/imports/import_table.hpp"

namespace harrow::storage {

/// Whether a table with this header is one of those that read_result_table() takes.
bool is_result_table(const std::vector<std::string>& header);

/// Reads a table of results whose header `reader` stands at, into `table`:
///   long  cell, seed, metric, value     one row per value
///   wide  cell, seed, <metric>…         one row per seed
/// in any order of columns, with these more where they are wanted: `class` (absent or empty: mean),
/// `after_task`, `routing`; `cell_name` (then `cell` and `trial` are hashes and not read); `label`,
/// `tags`, `dataset` and settings, which are the same in all rows of a cell; of long tables `std`.
/// Harrow's own results.csv is such a table. A row without a seed holds published values. What is
/// wrong becomes problems of the table; never throws but CsvDamage.
void read_result_table(CsvReader& reader,
                       std::uint32_t file,
                       ImportTable& table,
                       CellColumns& cells);

}  // namespace harrow::storage
