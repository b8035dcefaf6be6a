#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "sweeps/random.hpp"
#include "sweeps/sweep.hpp"

namespace harrow::analysis {

/// How much better than it is the best of equal configurations looks, because it is the best.
struct WinnersCurse {
    std::size_t configurations = 0;   ///< m: those that could have won
    std::size_t n = 0;                ///< seeds of the selected cell
    std::optional<double> sigma;      ///< over seeds within a cell, pooled over cells
    double expected_max = 0;          ///< E of the largest of m standard normals
    std::optional<double> expected;   ///< sigma / sqrt(n) * expected_max, in the metric's unit
    std::optional<double> bootstrap;  ///< see bootstrap_optimism()
    std::string note;                 ///< why something is absent
};

/// E[max of m independent standard normal variables], about 1e-10. 0 for m < 2.
double expected_maximum(std::size_t m);

/// Opt = E_b[M_b(c_b) - M_oob(c_b)]: on each resample b of the seeds the best cell c_b is chosen;
/// its mean there less its mean over the seeds that b left out (for minimize the other way round:
/// positive is too good). values[cell][seed]; absent for fewer than two cells or seeds. Resamples
/// that hold every seed are skipped.
std::optional<double> bootstrap_optimism(const std::vector<std::vector<double>>& values,
                                         sweeps::Goal goal,
                                         sweeps::RandomStream& random,
                                         std::size_t resamples = 2000);

/// `samples`: values by cell, the selected one first; bootstrap over those cells with as many
/// values as the first, in the order of the same seeds. `configurations`: m.
WinnersCurse winners_curse(const std::vector<std::vector<double>>& samples,
                           std::size_t configurations,
                           sweeps::Goal goal);

}  // namespace harrow::analysis
