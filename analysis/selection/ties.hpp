#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "analysis/comparison/comparison.hpp"
#include "analysis/summary.hpp"
#include "sweeps/sweep.hpp"

namespace harrow::analysis {

/// Cells that cannot be told from the best one.
struct TiedSet {
    std::vector<std::size_t> cells;  ///< ascending, without the best one
    std::size_t tested = 0;          ///< cells the best one was tested against
    std::size_t untested = 0;        ///< cells that share fewer than two seeds with it
    double smallest_p = 1;           ///< that the test allows with these seeds, before correction
};

/// `test` where it compares pairs of seeds by p alone (paired_t, wilcoxon, permutation), else
/// "paired_t".
std::string tie_test(const std::string& test);

/// Cells of `candidates` whose paired test against `best` over the seeds both have gives p > alpha
/// after Holm's correction over all of these tests. `test`: see tie_test().
TiedSet tied_set(const Summary& summary,
                 const std::string& metric,
                 std::size_t best,
                 const std::vector<std::size_t>& candidates,
                 const std::string& test,
                 double alpha);

/// What a table emphasises in one metric.
struct MetricRanking {
    std::optional<std::size_t> best;  ///< absent where fewer than two cells can be ranked
    std::vector<std::size_t> tied;
    std::vector<bool> is_left_out;  ///< by cell: has a value that is not ranked with the others
};

/// The cells that can be ranked, ascending: with a baseline those that are fair against it (`same`
/// as in unfair_differences()), without one the largest group with equal data, unit and seeds (of
/// equally large ones that with more seeds, then the first). Published values among themselves
/// count as measured on equal seeds.
std::vector<std::size_t> ranked_cells(const Summary& summary,
                                      const std::string& metric,
                                      const ComparisonOptions& options);

/// What stands out among ranked_cells().
MetricRanking rank_metric(const Summary& summary,
                          const std::string& metric,
                          sweeps::Goal goal,
                          const ComparisonOptions& options);

}  // namespace harrow::analysis
