#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "analysis/selection/optimism.hpp"
#include "analysis/selection/ties.hpp"
#include "analysis/summary.hpp"
#include "sweeps/sweep.hpp"

namespace harrow::analysis {

struct Selection {
    std::optional<std::size_t> cell;  ///< index into Summary::cells; the first of equal ones
    std::size_t compared = 0;         ///< m: cells that have the metric, on the same data
    std::size_t refused = 0;          ///< of these, cells that break a constraint
    std::string why_none;             ///< when `cell` is absent
    /// Cells that could win: they keep the constraints and have all their seeds, and no fewer than
    /// most cells have.
    std::vector<std::size_t> candidates;
    /// Cells that keep the constraints and whose mean, over too few seeds, is better than the
    /// winner's.
    std::vector<std::size_t> passed_over;
    TiedSet ties;  ///< among the candidates
    WinnersCurse curse;
    /// "test", unless the metric and all constraints are measured on "val_synth" or "val_normal".
    std::string selected_on = "test";
    std::vector<std::string> notes;  ///< what else a reader must know, a sentence each

    bool is_oracle() const { return selected_on == "test"; }
    /// "ORACLE-SELECTED, 27 configurations"; empty when test data was not looked at.
    std::string stamp() const;
};

struct SelectionOptions {
    std::string test = "paired_t";  ///< for ties, see tied_set()
    double alpha = 0.05;
};

/// Best cell mean of the objective's metric among the cells that keep every constraint: expressions
/// like `image_auroc >= 0.98 and pixel_ap > 0.5` on cell means; a cell without a value of one of
/// the metrics keeps none. Of cells on different data the largest group takes part. A cell with
/// fewer seeds than planned, or than most others have, wins only where no other can. Throws
/// sweeps::UsageError on an expression that cannot be read, or an unknown metric in it.
Selection select_best(const Summary& summary,
                      const sweeps::Objective& objective,
                      const SelectionOptions& options = {});

}  // namespace harrow::analysis
