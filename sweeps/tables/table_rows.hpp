#pragma once

#include <string>
#include <vector>

#include "sweeps/tables/table_fields.hpp"
#include "sweeps/tables/table_spec.hpp"

namespace harrow::sweeps {

/// Datasets of the columns, each once, "" for columns that have none.
std::vector<std::string> dataset_names(const TableSpec& table);

/// The list under `rows` of `map`; `table` has its columns and its unit already.
std::vector<TableRowSpec> read_table_rows(const YamlNode& map,
                                          const TableSpec& table,
                                          TableFields& fields);

}  // namespace harrow::sweeps
