#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "analysis/statistics.hpp"
#include "storage/results.hpp"

namespace harrow::analysis {

/// A cell as the sweep declares it: `seeds` are those expected, finished or not.
struct CellInfo {
    std::string id, name;
    std::vector<std::string> names, tags;
    std::vector<std::uint64_t> seeds;
    std::string label = {};  ///< how tables for papers call it; empty: its name
};

/// A trial without rows, or a value a finished trial could not have.
struct TrialNote {
    std::string cell;  ///< id
    std::uint64_t seed = 0;
    std::string state;   ///< "failed", "pending", "undefined", …
    std::string reason;  ///< may be empty
};

struct MetricSummary {
    SampleStatistics statistics;
    std::map<std::uint64_t, double> values;  ///< by seed
    std::vector<std::uint64_t> missing;      ///< expected seeds without a value
};

using MetricTable = std::map<std::string, MetricSummary>;  ///< by metric; absent = no seed has it

struct CellSummary {
    CellInfo info;
    std::vector<std::uint64_t> finished, missing;  ///< seeds with and without rows, ascending
    MetricTable metrics;                           ///< final routed macro means and continual ones
    std::map<std::string, MetricTable> classes;    ///< final routed values, by class
};

struct Summary {
    std::vector<CellSummary> cells;    ///< in the order given
    std::vector<std::string> metrics;  ///< those any cell has, in the fixed order
    std::vector<std::string> classes;  ///< ascending
    std::vector<TrialNote> notes;
};

/// Final values: rows after the last task of each trial, routed. Rows of cells not listed are added
/// as cells of their own (their seeds expected), so that no result disappears from a report.
Summary summarise(const std::vector<storage::ResultRow>& rows,
                  const std::vector<CellInfo>& cells,
                  std::vector<TrialNote> notes = {});

/// The same for cells whose rows are asked for one cell at a time, in order.
Summary summarise_by_cell(
    const std::vector<CellInfo>& cells,
    const std::function<std::vector<storage::ResultRow>(const CellInfo&)>& rows_of,
    std::vector<TrialNote> notes = {});

/// The fixed order of metrics: that of sweeps::metric_names(), then unknown ones by name.
bool metric_before(const std::string& a, const std::string& b);

}  // namespace harrow::analysis
