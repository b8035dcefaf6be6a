#pragma once

#include <vector>

#include "sweeps/tables/table_fields.hpp"
#include "sweeps/tables/table_spec.hpp"

namespace harrow::sweeps {

/// What columns have that say nothing else.
struct TableColumnDefaults {
    int digits = 2;
    bool spread = true;
    bool arrows = true;
    bool any_metric = false;  ///< also one that Harrow does not know
};

/// The list under `columns` of a table, which `map` is.
std::vector<TableGroupSpec> read_table_columns(const YamlNode& map,
                                               const TableColumnDefaults& defaults,
                                               TableFields& fields);

}  // namespace harrow::sweeps
