#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "analysis/comparison/fairness.hpp"
#include "analysis/statistics/multiplicity.hpp"
#include "analysis/statistics/sample.hpp"
#include "analysis/summary.hpp"

namespace harrow::analysis {

/// A cell against a baseline in one metric. delta = mean(cell) - mean(versus), over the seeds both
/// have for paired tests.
struct Comparison {
    std::size_t cell = 0, versus = 0;  ///< indices into Summary::cells
    std::string metric;
    std::size_t n = 0;  ///< pairs; of an unpaired test the smaller sample
    double delta = 0;
    std::string test;                     ///< as `--test` has it
    std::optional<double> p, p_adjusted;  ///< of `bayes`: 1 - the largest posterior of left, right
    std::optional<double> effect;
    std::string effect_name;       ///< "d_z", "rank-biserial", "Cohen's d", …
    std::optional<Interval> ci95;  ///< of delta
    std::string note;              ///< why something is absent, what the test cannot reach
    /// What differs though compare.same, data or budget should be equal. Not empty: labelled, and
    /// left out of bold and rankings.
    std::vector<SettingDifference> unfair;
    bool is_fair() const { return unfair.empty(); }
};

struct ComparisonOptions {
    std::string baseline;           ///< name or id of a cell; empty: nothing is compared
    std::vector<std::string> same;  ///< dotted parameter names
    std::string test = "paired_t";
    std::string adjust = "holm";
    std::vector<std::string> metrics;  ///< empty: all of the summary
    double alpha = 0.05;
};

/// Every other cell against the baseline, metric by metric in the order of the summary, cells in
/// theirs; p values are adjusted over the comparisons of one metric. Throws sweeps::UsageError for
/// a baseline, a test or a metric that is not known.
std::vector<Comparison> compare_cells(const Summary& summary, const ComparisonOptions& options);

/// Names of `--test` and `--adjust`.
const std::vector<std::string>& comparison_tests();
const std::vector<std::string>& comparison_adjustments();

}  // namespace harrow::analysis
