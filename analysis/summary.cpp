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
    int end = 0;                             // the last of all seeds
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
        cell.end = std::max(cell.end, row.after_task);
    }
    for (const storage::ResultRow& row : rows) {
        CellRows& cell = cells[row.cell];
        if (cell.last_task[row.seed] != cell.end) {
            continue;  // a value after fewer tasks is not one of the whole sequence
        }
        if (row.routing == "routed" && cell.end > 0 && row.metric.find('.') == std::string::npos) {
            cell.stages[row.metric][{row.after_task, row.class_name}][row.seed] = row.value;
        }
        if (row.after_task != cell.end) {
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

/// One class under one seed.
struct Course {
    int own = 0, last = 0;  // first and last stage with a value
    double first = 0, final = 0, highest = 0, lowest = 0;
};

using Courses = std::map<std::string, std::map<std::uint64_t, Course>>;  // class -> seed

Courses courses_of(const Stages& stages) {
    Courses courses;
    for (const auto& [stage, values] : stages) {  // ascending by stage
        if (stage.second == kMean) {
            continue;
        }
        std::map<std::uint64_t, Course>& by_seed = courses[stage.second];
        for (const auto& [seed, value] : values) {
            const Course begin{stage.first, stage.first, value, value, value, value};
            Course& course = by_seed.emplace(seed, begin).first->second;
            course.last = stage.first;
            course.final = value;
            course.highest = std::max(course.highest, value);
            course.lowest = std::min(course.lowest, value);
        }
    }
    return courses;
}

/// Differences are taken within a seed: seeds may have the classes in other tasks.
void add_changes(const Stages& stages, SequenceMatrix& matrix) {
    const int end = stages.rbegin()->first.first;
    const Courses courses = courses_of(stages);
    std::map<std::uint64_t, std::vector<double>> all_backward;  // by seed
    for (const std::string& class_name : matrix.classes) {
        std::vector<double> below_highest, above_lowest, backward;
        for (const auto& [seed, course] : courses.at(class_name)) {
            if (course.last != end) {
                continue;
            }
            below_highest.push_back(course.highest - course.final);
            above_lowest.push_back(course.final - course.lowest);
            if (course.own < end) {
                backward.push_back(course.final - course.first);
                all_backward[seed].push_back(backward.back());
            }
        }
        matrix.changes.push_back({sample_statistics(below_highest),
                                  sample_statistics(above_lowest),
                                  sample_statistics(backward)});
    }
    std::vector<double> means;
    for (const auto& [seed, values] : all_backward) {
        means.push_back(*sample_statistics(values).mean);
    }
    matrix.mean_backward = sample_statistics(means);
}

SequenceMatrix sequence_matrix(const Stages& stages) {
    SequenceMatrix matrix;
    std::map<std::string, std::size_t> column;  // by class; the key's order is that of the tasks
    const std::size_t tasks = static_cast<std::size_t>(stages.rbegin()->first.first) + 1;
    for (const auto& [stage, values] : stages) {
        const auto& [after_task, class_name] = stage;
        if (class_name != kMean && column.emplace(class_name, column.size()).second) {
            matrix.classes.push_back(class_name);
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
    add_changes(stages, matrix);
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

/// Adds a note for every seed whose rows end before those of the others: it counts as missing.
CellSummary summarise_cell(CellInfo info, const CellRows& rows, std::vector<TrialNote>& notes) {
    CellSummary cell;
    std::set<std::uint64_t> expected(info.seeds.begin(), info.seeds.end());
    for (const auto& [seed, task] : rows.last_task) {
        expected.insert(seed);
    }
    info.seeds.assign(expected.begin(), expected.end());
    for (const std::uint64_t seed : info.seeds) {
        const auto last = rows.last_task.find(seed);
        const bool is_known = last != rows.last_task.end();
        (is_known && last->second == rows.end ? cell.finished : cell.missing).push_back(seed);
        if (is_known && last->second != rows.end) {
            notes.push_back({info.id,
                             seed,
                             "incomplete",
                             "rows end after task " + std::to_string(last->second) +
                                 ", those of other seeds after task " + std::to_string(rows.end)});
        }
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
        summary.cells.push_back(summarise_cell(info, by_cell[info.id], notes));
        by_cell.erase(info.id);
    }
    std::vector<CellSummary> others;
    for (const auto& [id, cell_rows] : by_cell) {
        others.push_back(
            summarise_cell({id, cell_rows.name, {cell_rows.name}, {}, {}}, cell_rows, notes));
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
        summary.cells.push_back(summarise_cell(info, group(rows_of(info))[info.id], notes));
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
