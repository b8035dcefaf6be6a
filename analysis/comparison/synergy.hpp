#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "analysis/comparison/fairness.hpp"
#include "analysis/statistics/interaction.hpp"
#include "analysis/summary.hpp"

namespace harrow::analysis {

/// Four cells: the settings of `both` differ from those of `base` in what `first` and `second`
/// differ in, and in nothing else. Indices into Summary::cells; data and weights are equal.
struct Combination {
    std::size_t base = 0, first = 0, second = 0, both = 0;
};

/// All combinations around one base in each group of equal data and weights; the base is
/// `baseline`, else the first cell of the group around which there are any, of these: the first
/// cell, the one nearest to each parameter's commonest value. Ordered by `both`, then `first` <
/// `second`.
std::vector<Combination> find_combinations(const Summary& summary,
                                           std::optional<std::size_t> baseline);

/// Effects on the base, over the seeds that all four cells have: together = first + second +
/// synergy.
struct CombinationEffect {
    std::size_t n = 0;  ///< seeds; 1 for published means
    double first = 0, second = 0, together = 0;
    double synergy = 0;
    TestResult test;  ///< of the synergy: paired t over seeds
};

/// Absent where a cell has no value of `metric`, or the four have no common seed.
std::optional<CombinationEffect> combination_effect(const Summary& summary,
                                                    const Combination& combination,
                                                    const std::string& metric);

/// Modules that were added under each of two settings, as specification A20 compares modules under
/// a trainable and under a frozen base.
struct ModuleDesign {
    std::size_t first_base = 0, second_base = 0;  ///< cells without any module
    struct Module {
        std::size_t first = 0, second = 0;  ///< cells with it
    };
    std::vector<Module> modules;  ///< at least 2
};

/// Designs among `combinations`: a part that was combined with at least two others, where these
/// were not combined with each other and are no levels of one parameter. Where the two settings
/// differ in model.unfreeze_base, the trainable one is the first.
std::vector<ModuleDesign> find_module_designs(const Summary& summary,
                                              const std::vector<Combination>& combinations);

std::optional<TwoWayEffect> module_effect(const Summary& summary,
                                          const ModuleDesign& design,
                                          const ModuleDesign::Module& module,
                                          const std::string& metric,
                                          double point);

}  // namespace harrow::analysis
