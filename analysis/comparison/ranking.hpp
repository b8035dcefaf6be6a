#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "analysis/summary.hpp"

namespace harrow::analysis {

struct RankedCell {
    std::size_t cell = 0;      ///< index into Summary::cells
    std::size_t rank = 0;      ///< from 1; equal means share the smallest
    std::string why_unranked;  ///< not empty: not comparable with those ranked; rank is 0
};

/// Cells by the mean of a metric, best first. Comparable are cells of equal data, unit and seeds:
/// the largest such group with measured values is ranked (the first of several), the others keep
/// their place without a rank; so do cells in `unfair`. Cells without a value are left out.
std::vector<RankedCell> rank_cells(const Summary& summary,
                                   const std::string& metric,
                                   bool higher_is_better,
                                   const std::vector<bool>& unfair);

}  // namespace harrow::analysis
