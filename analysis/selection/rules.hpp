#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "analysis/selection/selection.hpp"

namespace harrow::analysis {

/// One class that was kept from the selection.
struct HeldOutFold {
    std::string class_name;
    std::size_t cell = 0;    ///< selected without it
    double selected_by = 0;  ///< its mean over the other classes
    double held_out = 0;     ///< its mean of the class
};

/// What a rule selects that does not look at the values it is judged by, beside what somebody who
/// does look would report.
struct RuleResult {
    std::string rule;      ///< "leave-categories-out", "val_synth.image_auroc", …
    std::size_t cell = 0;  ///< index into the summary that is reported on
    std::map<std::uint64_t, double> values;  ///< reported, by seed
    SampleStatistics statistics;             ///< of these
    std::size_t oracle_cell = 0;
    double oracle = 0;               ///< mean of the cell with the best values
    double gap = 0;                  ///< how much better that is; in the direction of the goal
    std::vector<HeldOutFold> folds;  ///< of leave-categories-out
    std::vector<std::string> notes;
};

/// `cell`, however selected, judged by `objective`'s metric (its constraints are not looked at).
/// Throws sweeps::UsageError when the cell has no value of it.
RuleResult judge_selection(const Summary& summary,
                           const sweeps::Objective& objective,
                           std::size_t cell,
                           const std::string& rule);

/// Nested selection: for every class the best cell by the mean over the other classes (constraints
/// too), whose value of that class is reported; the result is the mean over classes. `cell` is the
/// one selected most often. Those take part that have every class, of one data and with equal
/// seeds: the largest such group. The oracle keeps the constraints too. Throws sweeps::UsageError
/// when fewer than two classes have values or no cell can be selected.
RuleResult leave_categories_out(const Summary& summary, const sweeps::Objective& objective);

/// The cell of `other` with the settings of `cell`, apart from those that say what the data is (its
/// layout, classes and task sequence); of several the one with the same sequence, then the same
/// name. Imports without settings are matched by name. Throws sweeps::UsageError when there is
/// none, naming what differs from the nearest, or when the data is the same.
std::size_t matching_cell(const CellSummary& cell, const Summary& other);

}  // namespace harrow::analysis
