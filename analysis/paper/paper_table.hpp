#pragma once

#include <string>
#include <vector>

#include "analysis/document/document.hpp"
#include "analysis/summary.hpp"
#include "sweeps/tables/table_spec.hpp"

namespace harrow::analysis {

/// A table as a paper has it: `spec` filled with the values of `summary`, its id "paper-<name>".
/// Cells that are not comparable with the ranked ones, for one of the parameters `same` or else
/// (rank_column), carry a dagger. Values of imports are in the unit that their metric shows: per
/// cent where any of its values in that run lies outside [-1, 1]. What the table asks for and the
/// summary does not have is appended to `problems`; its place in the table stays empty.
Table paper_table(const sweeps::TableSpec& spec,
                  const Summary& summary,
                  const std::vector<std::string>& same,
                  std::vector<sweeps::Problem>& problems);

}  // namespace harrow::analysis
