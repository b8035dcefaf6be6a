#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "analysis/selection/constraints.hpp"
#include "analysis/selection/rules.hpp"
#include "sweeps/error.hpp"

namespace harrow::analysis {
namespace {

using Seeds = std::vector<std::uint64_t>;

/// Class values of the cells that take part: of equal data, the largest group with equal seeds (of
/// several that with more seeds).
class ClassContest {
public:
    ClassContest(const Summary& summary, const sweeps::Objective& objective)
        : summary_(summary),
          objective_(objective),
          constraints_(objective.subject_to, summary.metrics) {
        const std::vector<std::size_t> of_one_data = largest_data();
        for (const std::string& class_name : summary.classes) {
            if (std::any_of(of_one_data.begin(), of_one_data.end(), [&](std::size_t cell) {
                    return values(summary_.cells[cell], class_name, objective_.metric) != nullptr;
                })) {
                classes_.push_back(class_name);
            }
        }
        if (classes_.size() < 2) {
            throw sweeps::UsageError("leave-categories-out needs values of " + objective.metric +
                                     " of two classes, and these results have them of " +
                                     std::to_string(classes_.size()));
        }
        std::map<Seeds, std::vector<std::size_t>> groups;
        for (const std::size_t cell : of_one_data) {
            const Seeds seeds = common_seeds(summary_.cells[cell]);
            if (!seeds.empty()) {
                groups[seeds].push_back(cell);
            }
        }
        for (const auto& [seeds, cells] : groups) {
            if (std::pair(cells.size(), seeds.size()) > std::pair(cells_.size(), seeds_.size())) {
                cells_ = cells;
                seeds_ = seeds;
            }
        }
        if (cells_.empty()) {
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
            const std::optional<double> one = class_mean(cell, metric, class_name);
            if (!one) {
                return std::nullopt;
            }
            sum += *one;
            ++count;
        }
        return sum / static_cast<double>(count);
    }

    /// Over the seeds that take part; absent where one has no value.
    std::optional<double> class_mean(std::size_t cell,
                                     const std::string& metric,
                                     const std::string& class_name) const {
        const MetricSummary* found = values(summary_.cells[cell], class_name, metric);
        double sum = 0;
        for (const std::uint64_t seed : seeds_) {
            if (found == nullptr || found->values.count(seed) == 0) {
                return std::nullopt;
            }
            sum += found->values.at(seed);
        }
        return sum / static_cast<double>(seeds_.size());
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

    const Seeds& seeds() const { return seeds_; }
    double value(std::size_t cell, const std::string& class_name, std::uint64_t seed) const {
        return values(summary_.cells[cell], class_name, objective_.metric)->values.at(seed);
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

    /// The cells of the data that most cells with values of a class have; of several the first.
    std::vector<std::size_t> largest_data() const {
        std::vector<std::pair<std::string, std::vector<std::size_t>>> groups;
        for (std::size_t i = 0; i < summary_.cells.size(); ++i) {
            const CellSummary& cell = summary_.cells[i];
            if (std::none_of(cell.classes.begin(), cell.classes.end(), [&](const auto& entry) {
                    return values(cell, entry.first, objective_.metric) != nullptr;
                })) {
                continue;
            }
            const auto known = std::find_if(groups.begin(), groups.end(), [&](const auto& group) {
                return group.first == cell.info.data_digest;
            });
            if (known == groups.end()) {
                groups.push_back({cell.info.data_digest, {i}});
            } else {
                known->second.push_back(i);
            }
        }
        const auto largest =
            std::max_element(groups.begin(), groups.end(), [](const auto& a, const auto& b) {
                return a.second.size() < b.second.size();
            });
        return largest == groups.end() ? std::vector<std::size_t>{} : largest->second;
    }

    /// Seeds for which every class has a value.
    Seeds common_seeds(const CellSummary& cell) const {
        Seeds seeds;
        for (const std::uint64_t seed : cell.info.seeds) {
            if (std::all_of(classes_.begin(), classes_.end(), [&](const std::string& class_name) {
                    const MetricSummary* found = values(cell, class_name, objective_.metric);
                    return found != nullptr && found->values.count(seed) != 0;
                })) {
                seeds.push_back(seed);
            }
        }
        return seeds;
    }

    const Summary& summary_;
    const sweeps::Objective& objective_;
    Constraints constraints_;
    std::vector<std::string> classes_;
    std::vector<std::size_t> cells_;
    Seeds seeds_;  // which all of them have
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

/// By seed: mean over folds of the selected cells' held-out values.
std::map<std::uint64_t, double> values_by_seed(const ClassContest& contest,
                                               const std::vector<HeldOutFold>& folds) {
    std::map<std::uint64_t, double> values;
    for (const std::uint64_t seed : contest.seeds()) {
        for (const HeldOutFold& fold : folds) {
            values[seed] +=
                contest.value(fold.cell, fold.class_name, seed) / static_cast<double>(folds.size());
        }
    }
    return values;
}

/// The best of the cells that the rule could have selected.
void set_oracle(const ClassContest& contest, const std::string& metric, RuleResult& result) {
    const std::optional<std::size_t> best = contest.best("");
    if (!best) {
        throw sweeps::UsageError(
            "leave-categories-out: over all classes every cell breaks a constraint");
    }
    result.oracle_cell = *best;
    result.oracle = *contest.mean(*best, metric, "");
    result.gap = contest.sign() * (result.oracle - *result.statistics.mean);
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
                                *contest.class_mean(*cell, objective.metric, class_name)});
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
                               (left_out == 1 ? " cell has" : " cells have") +
                               " other data, other seeds or not all classes and took no part.");
    }
    result.notes.emplace_back(
        "The classes of one sequence share a model: the class that is held out of the selection "
        "was trained with the others. Disjoint sets of classes as sequences of their own are the "
        "stricter way.");
    return result;
}

}  // namespace harrow::analysis
