#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "analysis/summary.hpp"
#include "sweeps/sweep.hpp"

namespace harrow::analysis {

struct ParetoGoal {
    std::string metric;
    sweeps::Goal goal = sweeps::Goal::Maximize;
};

/// Cells of `candidates` that have every metric and than which none is at least as good in every
/// metric and better in one, by their means; the best by the first metric comes first. Equal cells
/// stay together. Differences that seeds explain are not looked at.
std::vector<std::size_t> pareto_front(const Summary& summary,
                                      const std::vector<ParetoGoal>& goals,
                                      const std::vector<std::size_t>& candidates);

}  // namespace harrow::analysis
