#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "analysis/comparison/fairness.hpp"
#include "analysis/statistics/multiplicity.hpp"
#include "analysis/statistics/sample.hpp"
#include "analysis/summary.hpp"
#include "analysis/units.hpp"

namespace harrow::analysis {

/// A cell against a baseline in one metric. delta = mean(cell) - mean(versus), in the unit of the
/// rows: over the seeds both have in paired tests, over all seeds of each for welch and where no
/// seed is shared.
struct Comparison {
    std::size_t cell = 0, versus = 0;  ///< indices into Summary::cells
    std::string metric;
    std::size_t n = 0;  ///< pairs; of an unpaired test the smaller sample; 0 of published values
    double delta = 0;
    std::string test;                     ///< as `--test` has it
    std::optional<double> p, p_adjusted;  ///< of `bayes`: 1 - the largest posterior of left, right
    std::optional<double> effect;         ///< positive where the cell's values are larger
    std::string effect_name;              ///< "d_z", "rank-biserial", "Cohen's d", …
    std::optional<Interval> ci95;         ///< of delta, Student's or Welch's t
    std::string note;  ///< seeds left out, what is absent and why, what differs; may be empty
    /// What differs though it should be equal: see unfair_differences(), the seeds, the unit. Not
    /// empty: labelled, and left out of bold and rankings. `a` is the cell's, `b` the baseline's.
    std::vector<SettingDifference> unfair;
    /// Neither varies over these seeds: however many there are, they are one observation. No p
    /// unless delta is 0.
    bool is_constant = false;
    bool is_fair() const { return unfair.empty(); }
};

struct ComparisonOptions {
    std::string baseline;              ///< name or id of a cell; empty: nothing is compared
    std::vector<std::string> same;     ///< names of parameters, dotted or their last component
    std::string test = "paired_t";     ///< of sweeps::comparison_tests()
    std::string adjust = "holm";       ///< of sweeps::comparison_adjustments()
    std::vector<std::string> metrics;  ///< empty: all of the summary
    double alpha = 0.05;
};

/// Every other cell against the baseline, metric by metric in the order of the summary, cells in
/// theirs; p values are adjusted over the comparisons of one metric, but friedman's, which are
/// corrected over all pairs already, and bayes's, which are none (p_adjusted = p). A pair of which
/// one lacks the metric is left out. Friedman: over all cells that have the seeds of the pair and
/// whose data is the baseline's; p by Nemenyi's test. Throws sweeps::UsageError for a baseline, a
/// test, a parameter or a metric that is not known.
std::vector<Comparison> compare_cells(const Summary& summary, const ComparisonOptions& options);

/// All cells against the baseline in one class; p as they are.
struct ClassFamily {
    std::string class_name;
    std::optional<double> baseline;  ///< its mean there
    std::vector<Comparison> pairs;   ///< in the order of cells
};

/// compare_cells() in one metric of every class in which the baseline has a value, without
/// adjustment. Throws as it does.
std::vector<ClassFamily> compare_cells_by_class(const Summary& summary,
                                                const ComparisonOptions& options,
                                                const std::string& metric);

/// That of sweeps::comparison_adjustments() which is called so.
Adjustment adjustment_of(const std::string& name);

/// By its name, one of its other names, its id or the first digits of that (at least 4). Throws
/// sweeps::UsageError when there is none, or cells of several runs share the name.
std::size_t find_cell(const Summary& summary, const std::string& name);

/// Measured or published anywhere, in the fixed order.
std::vector<std::string> all_metrics(const Summary& summary);

/// Mean of a metric: measured, else published, else absent.
std::optional<double> known_mean(const CellSummary& cell, const std::string& metric);

/// Seeds with a value, ascending; empty for a published value.
std::vector<std::uint64_t> seeds_of(const CellSummary& cell, const std::string& metric);

/// Adds "seeds" where the two cells' values of `metric` rest on different ones. Two published
/// values have none to differ in.
void add_seed_difference(std::vector<SettingDifference>& unfair,
                         const CellSummary& cell,
                         const CellSummary& versus,
                         const std::string& metric);

/// Adds "unit" where the two cells' runs give `metric` in different ones.
void add_unit_difference(std::vector<SettingDifference>& unfair,
                         const CellSummary& cell,
                         const CellSummary& versus,
                         const std::string& metric,
                         const Units& units);

}  // namespace harrow::analysis
