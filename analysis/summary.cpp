#include "analysis/summary.hpp"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "sweeps/metric_names.hpp"

namespace harrow::analysis {
namespace {

constexpr const char* kMean = "mean";

using Values = std::map<std::string, std::map<std::uint64_t, double>>;  // metric -> seed -> value
/// (after_task, class) -> seed -> value.
using Stages = std::map<std::pair<int, std::string>, std::map<std::uint64_t, double>>;

/// What the rows say of one cell.
struct CellRows {
    std::string name;
    std::map<std::uint64_t, int> last_task;  // by seed
    std::map<std::string, Values> classes;   // by class; "mean" among them
    Values oracle;                           // of "mean"
    std::map<std::string, Stages> stages;    // by basic metric, routed
};

std::map<std::string, CellRows> group(const std::vector<storage::ResultRow>& rows) {
    std::map<std::string, CellRows> cells;
    for (const storage::ResultRow& row : rows) {
        CellRows& cell = cells[row.cell];
        cell.name = row.cell_name;
        const auto last = cell.last_task.emplace(row.seed, row.after_task).first;
        last->second = std::max(last->second, row.after_task);
    }
    for (const storage::ResultRow& row : rows) {
        CellRows& cell = cells[row.cell];
        const int last_task = cell.last_task[row.seed];
        if (row.routing == "routed" && last_task > 0 && row.metric.find('.') == std::string::npos) {
            cell.stages[row.metric][{row.after_task, row.class_name}][row.seed] = row.value;
        }
        if (row.after_task != last_task) {
            continue;
        }
        if (row.routing == "routed") {
            cell.classes[row.class_name][row.metric][row.seed] = row.value;
        } else if (row.class_name == kMean) {
            cell.oracle[row.metric][row.seed] = row.value;
        }
    }
    return cells;
}

std::vector<double> values_of(const std::map<std::uint64_t, double>& by_seed) {
    std::vector<double> values;
    for (const auto& [seed, value] : by_seed) {
        values.push_back(value);
    }
    return values;
}

SequenceMatrix sequence_matrix(const Stages& stages) {
    SequenceMatrix matrix;
    std::map<std::string, std::size_t> column;  // by class; the key's order is that of the tasks
    const std::size_t tasks = static_cast<std::size_t>(stages.rbegin()->first.first) + 1;
    for (const auto& [stage, values] : stages) {
        const auto& [after_task, class_name] = stage;
        if (class_name != kMean && column.emplace(class_name, column.size()).second) {
            matrix.classes.push_back(class_name);
            matrix.tasks.push_back(after_task);
        }
    }
    matrix.values.assign(tasks, std::vector<SampleStatistics>(column.size()));
    matrix.means.assign(tasks, SampleStatistics());
    for (const auto& [stage, values] : stages) {
        const auto after_task = static_cast<std::size_t>(stage.first);
        SampleStatistics& place = stage.second == kMean
                                      ? matrix.means[after_task]
                                      : matrix.values[after_task][column.at(stage.second)];
        place = sample_statistics(values_of(values));
    }
    return matrix;
}

MetricTable summarise_values(const Values& by_metric, const std::vector<std::uint64_t>& expected) {
    MetricTable table;
    for (const auto& [metric, by_seed] : by_metric) {
        MetricSummary& summary = table[metric];
        summary.values = by_seed;
        summary.statistics = sample_statistics(values_of(by_seed));
        for (const std::uint64_t seed : expected) {
            if (by_seed.count(seed) == 0) {
                summary.missing.push_back(seed);
            }
        }
    }
    return table;
}

CellSummary summarise_cell(CellInfo info, const CellRows& rows) {
    CellSummary cell;
    std::set<std::uint64_t> expected(info.seeds.begin(), info.seeds.end());
    for (const auto& [seed, task] : rows.last_task) {
        expected.insert(seed);
    }
    info.seeds.assign(expected.begin(), expected.end());
    for (const std::uint64_t seed : info.seeds) {
        (rows.last_task.count(seed) != 0 ? cell.finished : cell.missing).push_back(seed);
    }
    for (const auto& [class_name, values] : rows.classes) {
        const MetricTable table = summarise_values(values, info.seeds);
        if (class_name == kMean) {
            cell.metrics = table;
        } else {
            cell.classes.emplace(class_name, table);
        }
    }
    cell.oracle = summarise_values(rows.oracle, info.seeds);
    for (const auto& [metric, stages] : rows.stages) {
        if (stages.begin()->first.first == stages.rbegin()->first.first) {
            continue;  // an import that knows the end alone
        }
        cell.sequences.emplace(metric, sequence_matrix(stages));
    }
    cell.info = std::move(info);
    return cell;
}

/// What the cells have in common.
Summary finish(Summary summary, std::vector<TrialNote> notes) {
    std::set<std::string> metrics, classes;
    for (const CellSummary& cell : summary.cells) {
        for (const auto& [metric, values] : cell.metrics) {
            metrics.insert(metric);
        }
        for (const auto& [class_name, table] : cell.classes) {
            classes.insert(class_name);
        }
    }
    summary.metrics.assign(metrics.begin(), metrics.end());
    std::sort(summary.metrics.begin(), summary.metrics.end(), metric_before);
    summary.classes.assign(classes.begin(), classes.end());
    summary.notes = std::move(notes);
    return summary;
}

}  // namespace

Summary summarise(const std::vector<storage::ResultRow>& rows,
                  const std::vector<CellInfo>& cells,
                  std::vector<TrialNote> notes) {
    std::map<std::string, CellRows> by_cell = group(rows);
    Summary summary;
    for (const CellInfo& info : cells) {
        summary.cells.push_back(summarise_cell(info, by_cell[info.id]));
        by_cell.erase(info.id);
    }
    std::vector<CellSummary> others;
    for (const auto& [id, cell_rows] : by_cell) {
        others.push_back(summarise_cell({id, cell_rows.name, {cell_rows.name}, {}, {}}, cell_rows));
    }
    std::stable_sort(others.begin(), others.end(), [](const auto& a, const auto& b) {
        return a.info.name < b.info.name;
    });
    std::move(others.begin(), others.end(), std::back_inserter(summary.cells));

    return finish(std::move(summary), std::move(notes));
}

Summary summarise_by_cell(
    const std::vector<CellInfo>& cells,
    const std::function<std::vector<storage::ResultRow>(const CellInfo&)>& rows_of,
    std::vector<TrialNote> notes) {
    Summary summary;
    for (const CellInfo& info : cells) {
        summary.cells.push_back(summarise_cell(info, group(rows_of(info))[info.id]));
    }
    return finish(std::move(summary), std::move(notes));
}

bool metric_before(const std::string& a, const std::string& b) {
    const std::vector<std::string>& known = sweeps::metric_names();
    const auto rank_a = std::find(known.begin(), known.end(), a);
    const auto rank_b = std::find(known.begin(), known.end(), b);
    return rank_a != rank_b ? rank_a < rank_b : a < b;
}

}  // namespace harrow::analysis
