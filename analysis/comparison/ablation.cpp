#include "analysis/comparison/ablation.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "analysis/comparison/paired_delta.hpp"

namespace harrow::analysis {
namespace {

bool begins_with(const std::string& text, const std::string& start) {
    return text.rfind(start, 0) == 0;
}

bool is_number(const std::string& text) {
    return !text.empty() && text.find_first_not_of("0123456789.eE+-") == std::string::npos;
}

bool is_off(const std::string& text) {
    static const std::set<std::string> words = {
        "", "0", "0.0", "false", "False", "no", "none", "None", "off", "[]"};
    return words.count(text) != 0;
}

bool is_ground(const SettingDifference& difference) {
    return difference.name == "data" || difference.name == "weights";
}

bool is_named(const SettingDifference& difference, const std::vector<std::string>& same) {
    return std::any_of(same.begin(), same.end(), [&](const std::string& wanted) {
        return names_setting(wanted, difference.name);
    });
}

/// Without settings that one of the cells does not have, as long as something remains.
std::vector<SettingDifference> own_differences(const CellInfo& full, const CellInfo& cell) {
    std::vector<SettingDifference> all = setting_differences(full, cell), kept;
    for (const SettingDifference& difference : all) {
        if (!difference.a.empty() && !difference.b.empty()) {
            kept.push_back(difference);
        }
    }
    const bool any_setting = std::any_of(
        kept.begin(), kept.end(), [](const auto& difference) { return !is_ground(difference); });
    return any_setting ? kept : all;
}

using Change = std::pair<std::string, std::string>;  // parameter, value of the removal

/// Changes that several removals share and none consists of.
std::set<Change> shared_changes(const std::vector<std::vector<SettingDifference>>& removals) {
    std::map<Change, std::size_t> counts;
    std::set<Change> alone;
    for (const std::vector<SettingDifference>& differences : removals) {
        for (const SettingDifference& difference : differences) {
            ++counts[{difference.name, difference.b}];
            if (differences.size() == 1) {
                alone.insert({difference.name, difference.b});
            }
        }
    }
    std::set<Change> shared;
    for (const auto& [change, count] : counts) {
        if (count > 1 && alone.count(change) == 0 && !is_off(change.second)) {
            shared.insert(change);
        }
    }
    return shared;
}

void split(Removal& removal,
           const std::vector<SettingDifference>& differences,
           const std::set<Change>& shared,
           const std::vector<std::string>& same) {
    const bool switches_off = std::any_of(
        differences.begin(), differences.end(), [](const SettingDifference& difference) {
            return is_off(difference.b);
        });
    const bool only_budget = std::all_of(
        differences.begin(), differences.end(), [](const SettingDifference& difference) {
            return is_ground(difference) || is_budget(difference.name);
        });
    for (const SettingDifference& difference : differences) {
        const bool is_retuned = switches_off && !is_off(difference.b) && is_number(difference.a) &&
                                is_number(difference.b);
        const bool is_hidden_budget = are_other_budgets(difference) && !only_budget;
        const bool is_unlike = is_ground(difference) || is_hidden_budget ||
                               is_named(difference, same) || is_retuned ||
                               shared.count({difference.name, difference.b}) != 0;
        (is_unlike ? removal.unlike : removal.removed).push_back(difference);
    }
}

void rank(std::vector<Removal>& removals) {
    double largest = 0;
    for (const Removal& removal : removals) {
        largest = std::max(largest, removal.loss.value_or(0));
    }
    for (Removal& removal : removals) {
        if (removal.loss) {
            removal.importance = largest > 0 ? *removal.loss / largest : 0;
        }
    }
    std::stable_sort(removals.begin(), removals.end(), [](const Removal& a, const Removal& b) {
        return std::make_tuple(!a.is_fair(), -a.loss.value_or(-1)) <
               std::make_tuple(!b.is_fair(), -b.loss.value_or(-1));
    });
}

}  // namespace

bool is_ablation(const CellInfo& cell) {
    const auto says_so = [](const std::string& text) {
        return begins_with(text, "wo_") || begins_with(text, "wo-") || begins_with(text, "w/o");
    };
    return std::count(cell.tags.begin(), cell.tags.end(), "ablation") > 0 || says_so(cell.name) ||
           says_so(cell.label);
}

AblationStudy study_ablations(const Summary& summary,
                              std::size_t full,
                              const std::vector<std::string>& same,
                              const std::string& metric,
                              bool higher_is_better) {
    AblationStudy study{full, {}};
    std::vector<std::vector<SettingDifference>> differences;
    for (std::size_t i = 0; i < summary.cells.size(); ++i) {
        if (i != full && is_ablation(summary.cells[i].info)) {
            Removal removal;
            removal.cell = i;
            study.removals.push_back(removal);
            differences.push_back(own_differences(summary.cells[full].info, summary.cells[i].info));
        }
    }
    const std::set<Change> shared = shared_changes(differences);
    for (std::size_t k = 0; k < study.removals.size(); ++k) {
        Removal& removal = study.removals[k];
        split(removal, differences[k], shared, same);
        const CellSummary &whole = summary.cells[full], &without = summary.cells[removal.cell];
        add_seed_difference(removal.unlike, whole, without, metric);
        const auto delta = paired_delta(without, whole, metric);
        if (delta) {
            removal.delta = delta->value;
            if (removal.is_fair()) {
                removal.loss = std::max(0.0, higher_is_better ? -delta->value : delta->value);
            }
        }
    }
    rank(study.removals);
    return study;
}

}  // namespace harrow::analysis
