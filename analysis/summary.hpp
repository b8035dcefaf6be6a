#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "analysis/statistics/sample.hpp"
#include "storage/results.hpp"

namespace harrow::analysis {

/// A mean over seeds that is known from elsewhere: shown, never tested.
struct Published {
    double mean = 0;
    std::optional<double> std;
};

/// A cell as the sweep declares it: `seeds` are those expected, finished or not.
struct CellInfo {
    std::string id, name;
    std::vector<std::string> names, tags;
    std::vector<std::uint64_t> seeds;
    std::string label = {};  ///< how tables for papers call it; empty: its name
    /// Parameters that are active, those at their default too: dotted name -> canonical text. Of an
    /// import what its tables tell. No locators.
    std::map<std::string, std::string> settings = {};
    bool is_import = false;        ///< settings it does not mention are not known
    std::string data_digest = {};  ///< equal = same images, masks and classes; empty: not known
    std::string weights_digest = {};
    std::string run = {};  ///< name of the run it is from
    /// What tables for papers may call the data it was run on: the folder's name, the run's name.
    std::vector<std::string> data_names = {};
    /// By class (or "mean"), then metric.
    std::map<std::string, std::map<std::string, Published>> published = {};
};

/// A trial without rows, or a value a finished trial could not have.
struct TrialNote {
    std::string cell;  ///< id
    std::uint64_t seed = 0;
    std::string state;   ///< "failed", "pending", "incomplete", "undefined", …
    std::string reason;  ///< may be empty
};

struct MetricSummary {
    SampleStatistics statistics;
    std::map<std::uint64_t, double> values;  ///< by seed
    std::vector<std::uint64_t> missing;      ///< expected seeds without a value
};

using MetricTable = std::map<std::string, MetricSummary>;  ///< by metric; absent = no seed has it

/// A basic metric over the whole sequence, routed: statistics over seeds, n = 0 where there is no
/// value.
struct SequenceMatrix {
    /// Within a seed, of a class that has a value after the last task; over seeds, in the
    /// metric's unit.
    struct Change {
        SampleStatistics below_highest, above_lowest;  ///< of the last value; both >= 0
        SampleStatistics backward;  ///< last less first value; of seeds where its task is not last
    };
    std::vector<std::string> classes;  ///< by the earliest stage any seed has a value of them
    std::vector<std::vector<SampleStatistics>> values;  ///< [after_task][class]
    std::vector<SampleStatistics> means;                ///< [after_task]: of the rows "mean"
    std::vector<Change> changes;                        ///< [class]
    SampleStatistics mean_backward;  ///< of each seed's mean over its classes of earlier tasks
};

/// What one trial cost; absent members are not known.
struct TrialCost {
    std::optional<double> training_seconds, scoring_seconds;
    std::optional<double> peak_rss_bytes, peak_device_bytes, feature_bytes;
    std::vector<double> parameters;  ///< that were trained, by task
    std::string training;            ///< key: trials that share it were trained once
};

/// Test images by the task of their class and the task whose expert was chosen, after the last
/// task; summed over seeds.
struct RoutingConfusion {
    std::vector<std::vector<std::uint64_t>> images;  ///< [T][T]: of the class, chosen
    std::vector<std::string> tasks;                  ///< [T]: its classes, joined
    std::size_t seeds = 0;
};

struct CellSummary {
    CellInfo info;
    std::vector<std::uint64_t> finished, missing;  ///< seeds with and without rows, ascending
    MetricTable metrics;                           ///< final routed macro means and continual ones
    std::map<std::string, MetricTable> classes;    ///< final routed values, by class
    MetricTable oracle;                            ///< final macro means under the right expert
    std::map<std::string, SequenceMatrix> sequences;  ///< by basic metric; of more than one task
    std::map<std::uint64_t, TrialCost> costs;         ///< by seed
    /// Filled for the selected cell and the baseline, where their patch scores are still there.
    std::optional<RoutingConfusion> confusion;
};

struct Summary {
    std::vector<CellSummary> cells;    ///< in the order given
    std::vector<std::string> metrics;  ///< those any cell has, in the fixed order
    std::vector<std::string> classes;  ///< ascending
    std::vector<TrialNote> notes;
};

/// Final values: rows after the last task that any seed of the cell has rows of. A seed whose rows
/// end before it counts as missing and has a note. Rows of cells not listed are added as cells of
/// their own (their seeds expected), so that no result disappears from a report.
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
