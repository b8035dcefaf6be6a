#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "analysis/selection/constraints.hpp"
#include "analysis/selection/rules.hpp"
#include "sweeps/error.hpp"

namespace harrow::analysis {
namespace {

/// Class values of the cells that take part.
class ClassContest {
public:
    ClassContest(const Summary& summary, const sweeps::Objective& objective)
        : summary_(summary),
          objective_(objective),
          constraints_(objective.subject_to, summary.metrics) {
        for (const std::string& class_name : summary.classes) {
            if (std::any_of(summary.cells.begin(), summary.cells.end(), [&](const auto& cell) {
                    return values(cell, class_name, objective_.metric) != nullptr;
                })) {
                classes_.push_back(class_name);
            }
        }
        if (classes_.size() < 2) {
            throw sweeps::UsageError("leave-categories-out needs values of " + objective.metric +
                                     " of two classes, and these results have them of " +
                                     std::to_string(classes_.size()));
        }
        std::size_t most = 0;
        for (const CellSummary& cell : summary.cells) {
            most = std::max(most, num_seeds(cell));
        }
        for (std::size_t i = 0; i < summary.cells.size(); ++i) {
            if (num_seeds(summary.cells[i]) == most) {
                cells_.push_back(i);
            }
        }
        if (most == 0) {
            throw sweeps::UsageError("leave-categories-out: no cell has values of " +
                                     objective.metric + " of all " +
                                     std::to_string(classes_.size()) + " classes");
        }
    }

    const std::vector<std::string>& classes() const { return classes_; }
    const std::vector<std::size_t>& cells() const { return cells_; }

    /// Mean over seeds and over all classes but `left_out` (empty: none).
    std::optional<double> mean(std::size_t cell,
                               const std::string& metric,
                               const std::string& left_out) const {
        double sum = 0;
        std::size_t count = 0;
        for (const std::string& class_name : classes_) {
            if (class_name == left_out) {
                continue;
            }
            const MetricSummary* found = values(summary_.cells[cell], class_name, metric);
            if (found == nullptr) {
                return std::nullopt;
            }
            sum += *found->statistics.mean;
            ++count;
        }
        return sum / static_cast<double>(count);
    }

    /// The best cell without the class; absent where all break a constraint.
    std::optional<std::size_t> best(const std::string& left_out) const {
        std::optional<std::size_t> best;
        double merit = 0;
        for (const std::size_t cell : cells_) {
            const bool is_kept = constraints_.hold(
                [&](const std::string& metric) { return mean(cell, metric, left_out); });
            const double value = *mean(cell, objective_.metric, left_out) * sign();
            if (is_kept && (!best || value > merit)) {
                best = cell;
                merit = value;
            }
        }
        return best;
    }

    const MetricSummary& class_values(std::size_t cell, const std::string& class_name) const {
        return *values(summary_.cells[cell], class_name, objective_.metric);
    }
    double sign() const { return objective_.goal == sweeps::Goal::Maximize ? 1 : -1; }

private:
    static const MetricSummary* values(const CellSummary& cell,
                                       const std::string& class_name,
                                       const std::string& metric) {
        const auto table = cell.classes.find(class_name);
        if (table == cell.classes.end()) {
            return nullptr;
        }
        const auto found = table->second.find(metric);
        const bool has = found != table->second.end() && found->second.statistics.mean;
        return has ? &found->second : nullptr;
    }

    /// Fewest seeds any class of the cell has a value for.
    std::size_t num_seeds(const CellSummary& cell) const {
        std::size_t fewest = cell.info.seeds.size();
        for (const std::string& class_name : classes_) {
            const MetricSummary* found = values(cell, class_name, objective_.metric);
            fewest = found == nullptr ? 0 : std::min(fewest, found->statistics.n);
        }
        return fewest;
    }

    const Summary& summary_;
    const sweeps::Objective& objective_;
    Constraints constraints_;
    std::vector<std::string> classes_;
    std::vector<std::size_t> cells_;
};

std::size_t most_frequent(const std::vector<HeldOutFold>& folds) {
    std::map<std::size_t, std::size_t> counts;
    for (const HeldOutFold& fold : folds) {
        ++counts[fold.cell];
    }
    return std::max_element(counts.begin(),
                            counts.end(),
                            [](const auto& a, const auto& b) { return a.second < b.second; })
        ->first;
}

/// Mean over folds of the selected cells' held-out values, for every seed that all of them have.
std::map<std::uint64_t, double> values_by_seed(const ClassContest& contest,
                                               const std::vector<HeldOutFold>& folds) {
    std::map<std::uint64_t, std::pair<double, std::size_t>> sums;
    for (const HeldOutFold& fold : folds) {
        for (const auto& [seed, value] : contest.class_values(fold.cell, fold.class_name).values) {
            sums[seed].first += value;
            ++sums[seed].second;
        }
    }
    std::map<std::uint64_t, double> values;
    for (const auto& [seed, sum] : sums) {
        if (sum.second == folds.size()) {
            values[seed] = sum.first / static_cast<double>(folds.size());
        }
    }
    return values;
}

void set_oracle(const ClassContest& contest, const std::string& metric, RuleResult& result) {
    const auto merit = [&](std::size_t cell) {
        return contest.sign() * *contest.mean(cell, metric, "");
    };
    result.oracle_cell = *std::max_element(
        contest.cells().begin(), contest.cells().end(), [&](std::size_t a, std::size_t b) {
            return merit(a) < merit(b);
        });
    result.oracle = *contest.mean(result.oracle_cell, metric, "");
    double held_out = 0;
    for (const HeldOutFold& fold : result.folds) {
        held_out += fold.held_out;
    }
    held_out /= static_cast<double>(result.folds.size());
    result.gap = contest.sign() * (result.oracle - held_out);
}

}  // namespace

RuleResult leave_categories_out(const Summary& summary, const sweeps::Objective& objective) {
    const ClassContest contest(summary, objective);
    RuleResult result;
    result.rule = "leave-categories-out";
    for (const std::string& class_name : contest.classes()) {
        const std::optional<std::size_t> cell = contest.best(class_name);
        if (!cell) {
            throw sweeps::UsageError("leave-categories-out: without " + class_name +
                                     " every cell breaks a constraint");
        }
        result.folds.push_back({class_name,
                                *cell,
                                *contest.mean(*cell, objective.metric, class_name),
                                *contest.class_values(*cell, class_name).statistics.mean});
    }
    result.cell = most_frequent(result.folds);
    result.values = values_by_seed(contest, result.folds);
    std::vector<double> values;
    for (const auto& [seed, value] : result.values) {
        values.push_back(value);
    }
    result.statistics = sample_statistics(values);
    set_oracle(contest, objective.metric, result);
    const std::size_t left_out = summary.cells.size() - contest.cells().size();
    if (left_out > 0) {
        result.notes.push_back(std::to_string(left_out) +
                               (left_out == 1 ? " cell lacks" : " cells lack") +
                               " a class or a seed that others have and took no part.");
    }
    result.notes.emplace_back(
        "The classes of one sequence share a model: the class that is held out of the selection "
        "was trained with the others. Disjoint sets of classes as sequences of their own are the "
        "stricter way.");
    return result;
}

}  // namespace harrow::analysis
