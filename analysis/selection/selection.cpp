#include "analysis/selection/selection.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "analysis/selection/constraints.hpp"
#include "sweeps/metric_kind.hpp"

namespace harrow::analysis {
namespace {

using Cells = std::vector<std::size_t>;

const MetricSummary* metric_of(const CellSummary& cell, const std::string& metric) {
    const auto found = cell.metrics.find(metric);
    return found != cell.metrics.end() && found->second.statistics.mean ? &found->second : nullptr;
}

/// Values of different data or in different units cannot be ranked together: the largest group of
/// cells with the metric, equal data and an equal unit, of several the first.
Cells cells_of_one_data(const Summary& summary,
                        const std::string& metric,
                        std::vector<std::string>& notes) {
    std::vector<std::pair<std::string, Cells>> groups;  // in the order of their first cells
    std::size_t all = 0;
    const Units units(summary, metric);
    for (std::size_t i = 0; i < summary.cells.size(); ++i) {
        if (metric_of(summary.cells[i], metric) == nullptr) {
            continue;
        }
        ++all;
        const CellInfo& info = summary.cells[i].info;
        const std::string data = data_text(info) + "\n" + units.unit(info.run, metric);
        auto group = std::find_if(
            groups.begin(), groups.end(), [&](const auto& one) { return one.first == data; });
        group = group == groups.end() ? groups.insert(group, {data, {}}) : group;
        group->second.push_back(i);
    }
    if (groups.empty()) {
        return {};
    }
    const Cells largest =
        std::max_element(groups.begin(), groups.end(), [](const auto& a, const auto& b) {
            return a.second.size() < b.second.size();
        })->second;
    if (largest.size() < all) {
        const CellInfo& first = summary.cells[largest.front()].info;
        const std::string unit = units.unit(first.run, metric);
        notes.push_back(std::to_string(all - largest.size()) +
                        (all - largest.size() == 1 ? " cell was" : " cells were") +
                        " measured on other data" + (unit.empty() ? "" : " or in another unit") +
                        " and took no part: the selection is among the " +
                        std::to_string(largest.size()) + " on the data of " + first.name +
                        (unit.empty() ? "" : ", in " + unit + " as in " + first.run) + ".");
    }
    return largest;
}

/// One selection in the making.
struct Contest {
    const Summary& summary;
    const sweeps::Objective& objective;

    const MetricSummary& values(std::size_t cell) const {
        return *metric_of(summary.cells[cell], objective.metric);
    }
    std::size_t n(std::size_t cell) const { return values(cell).statistics.n; }
    /// Larger is better.
    double merit(std::size_t cell) const {
        const double mean = *values(cell).statistics.mean;
        return objective.goal == sweeps::Goal::Maximize ? mean : -mean;
    }
};

/// How many seeds most of the cells have; of several such numbers the largest.
std::size_t usual_seeds(const Contest& contest, const Cells& cells) {
    std::map<std::size_t, std::size_t> counts;
    for (const std::size_t cell : cells) {
        ++counts[contest.n(cell)];
    }
    std::size_t usual = 0, most = 0;
    for (const auto& [n, count] : counts) {
        if (count >= most) {
            usual = n;
            most = count;
        }
    }
    return usual;
}

Cells full_cells(const Contest& contest, const Cells& kept) {
    const std::size_t usual = usual_seeds(contest, kept);
    Cells full, long_enough;
    for (const std::size_t cell : kept) {
        if (contest.n(cell) >= usual) {
            long_enough.push_back(cell);
            if (contest.values(cell).missing.empty()) {
                full.push_back(cell);
            }
        }
    }
    return full.empty() ? long_enough : full;
}

std::string seeds_of_text(const Contest& contest, std::size_t cell) {
    const std::size_t n = contest.n(cell), missing = contest.values(cell).missing.size();
    return std::to_string(n) + (missing > 0 ? " of " + std::to_string(n + missing) : "") +
           (n + missing == 1 ? " seed" : " seeds");
}

void add_notes(const Contest& contest, const Cells& kept, Selection& selection) {
    constexpr std::size_t kNamed = 3;
    std::string named;
    for (std::size_t i = 0; i < std::min(kNamed, selection.passed_over.size()); ++i) {
        const std::size_t cell = selection.passed_over[i];
        named += (named.empty() ? "" : ", ") + contest.summary.cells[cell].info.name + " (" +
                 seeds_of_text(contest, cell) + ")";
    }
    const std::size_t passed = selection.passed_over.size();
    if (passed > 0) {
        selection.notes.push_back(
            "Passed over, with a better mean over too few seeds: " + named +
            (passed > kNamed ? " and " + std::to_string(passed - kNamed) + " more" : "") + ".");
    }
    const auto& winner = contest.values(*selection.cell).values;
    const auto unlike = std::count_if(
        selection.candidates.begin(), selection.candidates.end(), [&](std::size_t cell) {
            const auto& values = contest.values(cell).values;
            return values.size() != winner.size() ||
                   !std::equal(values.begin(),
                               values.end(),
                               winner.begin(),
                               [](const auto& a, const auto& b) { return a.first == b.first; });
        });
    if (unlike > 0) {
        selection.notes.push_back(std::to_string(unlike) +
                                  (unlike == 1 ? " cell was" : " cells were") +
                                  " run on other seeds than the selected one: part of what lies "
                                  "between their means may be the seeds.");
    }
    std::size_t most = 0;
    for (const std::size_t cell : kept) {
        most = std::max(most, contest.n(cell));
    }
    if (contest.n(*selection.cell) < most) {
        selection.notes.push_back("It has " + seeds_of_text(contest, *selection.cell) +
                                  ", others up to " + std::to_string(most) + ".");
    } else if (!contest.values(*selection.cell).missing.empty()) {
        selection.notes.push_back("No cell has all its seeds yet.");
    }
}

void audit(const Contest& contest, const SelectionOptions& options, Selection& selection) {
    const std::size_t best = *selection.cell;
    selection.ties = tied_set(contest.summary,
                              contest.objective.metric,
                              best,
                              selection.candidates,
                              options.test,
                              options.alpha);
    std::vector<std::vector<double>> samples(1);
    for (const auto& [seed, value] : contest.values(best).values) {
        samples.front().push_back(value);
    }
    for (const std::size_t cell : selection.candidates) {
        if (cell == best) {
            continue;
        }
        const auto& values = contest.values(cell).values;
        std::vector<double> shared;
        for (const auto& [seed, value] : contest.values(best).values) {
            const auto found = values.find(seed);
            if (found != values.end()) {
                shared.push_back(found->second);
            }
        }
        if (!shared.empty()) {
            samples.push_back(std::move(shared));
        }
    }
    selection.curse = winners_curse(samples, selection.compared, contest.objective.goal);
}

std::string selected_on(const std::string& metric, const Constraints& constraints) {
    const std::string split = sweeps::split_of(metric);
    const std::vector<std::string> others = constraints.metrics();
    const bool is_test = std::any_of(others.begin(), others.end(), [](const std::string& other) {
        return sweeps::split_of(other) == "test";
    });
    return is_test ? "test" : split;
}

}  // namespace

std::string Selection::stamp() const {
    return !is_oracle() ? ""
                        : "ORACLE-SELECTED, " + std::to_string(compared) +
                              (compared == 1 ? " configuration" : " configurations");
}

Selection select_best(const Summary& summary,
                      const sweeps::Objective& objective,
                      const SelectionOptions& options) {
    const Constraints constraints(objective.subject_to, summary.metrics);
    const Contest contest{summary, objective};
    Selection selection;
    selection.selected_on = selected_on(objective.metric, constraints);
    const Cells measured = cells_of_one_data(summary, objective.metric, selection.notes);
    selection.compared = measured.size();
    Cells kept;
    for (const std::size_t i : measured) {
        const bool is_kept = constraints.hold([&](const std::string& metric) {
            const MetricSummary* values = metric_of(summary.cells[i], metric);
            return values == nullptr ? std::nullopt : values->statistics.mean;
        });
        if (is_kept) {
            kept.push_back(i);
        } else {
            ++selection.refused;
        }
    }
    if (selection.compared == 0) {
        const bool is_published =
            std::any_of(summary.cells.begin(), summary.cells.end(), [&](const CellSummary& cell) {
                return known_mean(cell, objective.metric).has_value();
            });
        selection.why_none =
            "no cell has a value of " + objective.metric +
            (is_published ? " but published ones, which without seeds are never selected" : "");
        return selection;
    }
    if (kept.empty()) {
        selection.why_none = "all " + std::to_string(selection.compared) +
                             " cells with a value of " + objective.metric + " break a constraint";
        return selection;
    }
    selection.candidates = full_cells(contest, kept);
    selection.cell = *std::max_element(
        selection.candidates.begin(), selection.candidates.end(), [&](auto a, auto b) {
            return contest.merit(a) < contest.merit(b);
        });
    std::copy_if(
        kept.begin(), kept.end(), std::back_inserter(selection.passed_over), [&](std::size_t cell) {
            return contest.merit(cell) > contest.merit(*selection.cell);
        });
    add_notes(contest, kept, selection);
    audit(contest, options, selection);
    return selection;
}

}  // namespace harrow::analysis
