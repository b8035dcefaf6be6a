#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "analysis/summary.hpp"
#include "sweeps/tables/table_spec.hpp"

namespace harrow::analysis {

/// A row of a paper's table before its values are looked up.
struct PaperRow {
    const sweeps::TableRowSpec* spec = nullptr;
    std::string label;
    std::vector<std::size_t> cells;  ///< indices into Summary::cells, of all datasets
    bool rule_above = false;
};

/// The rows of `spec`, those of a tag expanded: cells of one label share a row, in the order of the
/// summary. A cell goes by its name, any of its names, its label and its id. What matches nothing
/// stays as a row without cells and is a problem.
std::vector<PaperRow> paper_rows(const sweeps::TableSpec& spec,
                                 const Summary& summary,
                                 std::vector<sweeps::Problem>& problems);

/// Whether the cell was run on what the table calls `dataset`: one of its aliases is among the
/// cell's data names, capitals aside. Everything is on the dataset "".
bool is_on_dataset(const CellInfo& cell, const sweeps::TableSpec& spec, const std::string& dataset);

/// The one cell of the row on the group's dataset; nothing when there is none. Several are a
/// problem.
std::optional<std::size_t> cell_in_group(const PaperRow& row,
                                         const sweeps::TableGroupSpec& group,
                                         const sweeps::TableSpec& spec,
                                         const Summary& summary,
                                         std::vector<sweeps::Problem>& problems);

}  // namespace harrow::analysis
