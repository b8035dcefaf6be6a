#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "analysis/summary.hpp"

namespace harrow::analysis {

/// Parameters that always vary together, as a `zip` makes them; mostly one. Dotted names,
/// ascending.
using Factor = std::vector<std::string>;

struct FactorLevel {
    std::vector<std::string> values;  ///< of each parameter; empty: it means nothing to the cell
    std::size_t cell = 0;             ///< index into Summary::cells
};

/// Cells that are equal in settings, data and weights but for one factor.
struct FactorFamily {
    Factor factor;
    std::vector<FactorLevel> levels;  ///< by value: numbers by size, before texts
    std::size_t baseline = 0;         ///< index into levels: what the others are seen against
};

/// Settings that differ between any two cells, joined to factors. Cells without settings say
/// nothing.
std::vector<Factor> varying_factors(const Summary& summary);

/// Maximal families of at least two levels, by factor, then by their first cell. A factor of
/// several parameters counts where each value of one goes with one value of the others; so do those
/// that vary together among the cells that differ from `baseline` in them alone. The level others
/// are seen against is that of `baseline`, else that with the factor's default values, else the
/// first.
std::vector<FactorFamily> one_factor_families(const Summary& summary,
                                              std::optional<std::size_t> baseline);

/// Groups of two or more cells that are equal but for `parameters`, in the order of their first
/// cells; cells in theirs.
std::vector<std::vector<std::size_t>> cells_equal_but(const Summary& summary,
                                                      const std::vector<std::string>& parameters);

/// "0.7", "8 + 4"; "–" for a parameter that means nothing to the cell.
std::string level_text(const std::vector<std::string>& values);
/// "train.tail_weight", "model.num_coupling_layers + model.dia_n_blocks".
std::string factor_text(const Factor& factor);
/// Numbers by size, before texts; texts in their order; the empty text first.
bool value_before(const std::string& a, const std::string& b);

}  // namespace harrow::analysis
