#pragma once

#include <cstddef>
#include <vector>

namespace harrow::analysis {

struct Midranks {
    std::vector<double> ranks;      ///< from 1 for the smallest; equal values share their mean rank
    std::vector<std::size_t> ties;  ///< sizes of the groups of equal values, groups of one left out
};

/// Values within `tolerance` of the smallest of their group are equal.
Midranks midranks(const std::vector<double>& values, double tolerance = 0);

}  // namespace harrow::analysis
