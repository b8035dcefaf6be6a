#pragma once

#include <string>
#include <vector>

#include "analysis/report.hpp"
#include "analysis/selection/pareto.hpp"

namespace harrow::analysis {

/// What the selection rests on, a sentence or two each: seeds passed over, the tied set, the
/// winner's curse. Empty where nothing was selected.
std::vector<std::string> selection_lines(const Report& report);

/// "Pareto front of image_auroc and pixel_ap (2 of 9 cells): main, top_k=5."
std::string pareto_line(const Report& report,
                        const std::vector<ParetoGoal>& goals,
                        const std::vector<std::size_t>& front);

/// Names of cells, joined by commas.
std::string cell_list(const Summary& summary, const std::vector<std::size_t>& cells);

}  // namespace harrow::analysis
