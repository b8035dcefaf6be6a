#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "analysis/summary.hpp"
#include "sweeps/sweep.hpp"

namespace harrow::analysis {

struct Selection {
    std::optional<std::size_t> cell;  ///< index into Summary::cells; the first of equal ones
    std::size_t compared = 0;         ///< cells that have the metric
    std::size_t refused = 0;          ///< of these, cells that break a constraint
    std::string why_none;             ///< when `cell` is absent
};

/// Best cell mean of the objective's metric among the cells that keep every constraint: expressions
/// like `image_auroc >= 0.98 and pixel_ap > 0.5` on cell means; a cell without a value of one of
/// the metrics keeps none. A cell with missing seeds takes part with the seeds it has. Throws
/// sweeps::UsageError on an expression that cannot be read, or an unknown metric in it.
Selection select_best(const Summary& summary, const sweeps::Objective& objective);

}  // namespace harrow::analysis
