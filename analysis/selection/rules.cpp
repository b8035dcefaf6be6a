#include "analysis/selection/rules.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "analysis/comparison/fairness.hpp"
#include "sweeps/error.hpp"

namespace harrow::analysis {
namespace {

bool is_data_setting(const std::string& name) {
    return name == "data.layout" || name == "data.classes" || name == "data" ||
           name.rfind("sequence.", 0) == 0;
}

/// (settings that differ beside the data, of the task sequence, whether the name differs): smaller
/// is nearer.
struct Distance {
    std::vector<SettingDifference> settings;
    bool is_other_sequence = false;
    bool is_other_name = false;
};

Distance distance(const CellInfo& a, const CellInfo& b) {
    Distance result;
    for (SettingDifference& difference : setting_differences(a, b)) {
        if (!is_data_setting(difference.name)) {
            result.settings.push_back(std::move(difference));
        } else if (difference.name.rfind("sequence.", 0) == 0) {
            result.is_other_sequence = true;
        }
    }
    result.is_other_name = a.name != b.name;
    return result;
}

}  // namespace

RuleResult judge_selection(const Summary& summary,
                           const sweeps::Objective& objective,
                           std::size_t cell,
                           const std::string& rule) {
    const auto found = summary.cells[cell].metrics.find(objective.metric);
    if (found == summary.cells[cell].metrics.end() || !found->second.statistics.mean) {
        throw sweeps::UsageError("the selected cell " + summary.cells[cell].info.name +
                                 " has no value of " + objective.metric + " to report");
    }
    RuleResult result;
    result.rule = rule;
    result.cell = cell;
    result.values = found->second.values;
    result.statistics = found->second.statistics;
    const Selection oracle = select_best(summary, {objective.metric, objective.goal, {}});
    result.oracle_cell = *oracle.cell;
    result.oracle = *summary.cells[*oracle.cell].metrics.at(objective.metric).statistics.mean;
    const double gap = result.oracle - *result.statistics.mean;
    result.gap = objective.goal == sweeps::Goal::Maximize ? gap : -gap;
    return result;
}

std::size_t matching_cell(const CellSummary& cell, const Summary& other) {
    const CellSummary* nearest = nullptr;
    Distance best;
    std::size_t index = 0, equals = 0;
    const auto rank = [](const Distance& one) {
        return std::make_tuple(one.settings.size(), one.is_other_sequence, one.is_other_name);
    };
    for (std::size_t i = 0; i < other.cells.size(); ++i) {
        Distance one = distance(cell.info, other.cells[i].info);
        if (nearest == nullptr || rank(one) < rank(best)) {
            nearest = &other.cells[i];
            best = std::move(one);
            index = i;
            equals = 1;
        } else if (rank(one) == rank(best)) {
            ++equals;
        }
    }
    if (nearest == nullptr) {
        throw sweeps::UsageError("the other run has no cell");
    }
    const std::string name = nearest->info.name;
    if (!best.settings.empty()) {
        throw sweeps::UsageError("the other run has no cell with the settings of " +
                                 cell.info.name + "; the nearest, " + name + ", differs in " +
                                 difference_text(best.settings));
    }
    const bool knows_settings = !cell.info.settings.empty() && !nearest->info.settings.empty();
    if (!knows_settings && best.is_other_name) {
        throw sweeps::UsageError("the other run has no cell called " + cell.info.name +
                                 ", and its settings are not known");
    }
    if (equals > 1) {
        throw sweeps::UsageError("several cells of the other run have the settings of " +
                                 cell.info.name + ", none its name; " + name + " is one of them");
    }
    if (!cell.info.data_digest.empty() && cell.info.data_digest == nearest->info.data_digest) {
        throw sweeps::UsageError(
            "the other run's " + name +
            " was measured on the same data: reporting there is selection on the test data");
    }
    return index;
}

}  // namespace harrow::analysis
