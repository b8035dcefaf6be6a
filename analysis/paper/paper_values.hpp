#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include "analysis/paper/column_ranking.hpp"
#include "analysis/paper/row_matching.hpp"
#include "analysis/summary.hpp"
#include "analysis/units.hpp"
#include "sweeps/tables/table_spec.hpp"

namespace harrow::analysis {

/// Looks values up and brings them into the table's unit.
class PaperValues {
public:
    /// The summary must outlive it and what it finds.
    PaperValues(const Summary& summary, bool percent);

    /// What a row, whose cell on the group's dataset is `cell`, has in a column.
    PaperValue find(const PaperRow& row,
                    const std::optional<std::size_t>& cell,
                    const sweeps::TableGroupSpec& group,
                    const sweeps::TableColumnSpec& column) const;

private:
    double factor_of(const CellInfo& cell, const std::string& metric) const;

    const Summary& summary_;
    bool percent_;
    Units units_;
};

}  // namespace harrow::analysis
