#pragma once

#include "storage/imports/cell_columns.hpp"
#include "storage/imports/csv_reader.hpp"

namespace harrow::storage {

/// Reads a table that describes cells, whose header `reader` stands at: `cell` (or `cell_name`, as
/// in Harrow's cells.csv, whose hashes, `names` and `seeds` are not read), `label`, `tags`,
/// `dataset`; every other column is a setting, Harrow's parameters under any of their names. A cell
/// that no result names is a problem, but in Harrow's own. Never throws but CsvDamage.
void read_cell_table(CsvReader& reader, std::uint32_t file, ImportTable& table, CellColumns& cells);

}  // namespace harrow::storage
