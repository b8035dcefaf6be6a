#include "analysis/comparison/comparable.hpp"

#include <algorithm>
#include <utility>

#include "analysis/units.hpp"

namespace harrow::analysis {
namespace {

using Differences = std::vector<SettingDifference>;
using Names = std::vector<std::string>;
using Indices = std::vector<std::size_t>;

bool is_named(const Names& same, const std::string& name) {
    return std::any_of(same.begin(), same.end(), [&](const std::string& wanted) {
        return names_setting(wanted, name) || (name == "weights" && wanted == "backbone.weights");
    });
}

bool is_parameter(const SettingDifference& difference) {
    return difference.name != "data" && difference.name != "weights";
}

/// Whether the contenders differ in their training budget and in no other parameter.
bool is_budget_studied(const std::vector<Contender>& contenders) {
    return std::all_of(contenders.begin(), contenders.end(), [&](const Contender& contender) {
        const Differences all = setting_differences(*contender.cell, *contenders.front().cell);
        return std::all_of(all.begin(), all.end(), [](const SettingDifference& difference) {
            return !is_parameter(difference) || is_budget(difference.name);
        });
    });
}

Differences differences_of(const Contender& contender,
                           const Contender& reference,
                           const Names& same,
                           bool budget_counts) {
    Differences unlike;
    const CellInfo &a = *contender.cell, &b = *reference.cell;
    if (contender.unit != reference.unit) {
        unlike.push_back({"unit", contender.unit, reference.unit});
    }
    if (contender.seeds != reference.seeds) {
        unlike.push_back({"seeds", seeds_text(contender.seeds), seeds_text(reference.seeds)});
    }
    for (const SettingDifference& difference : setting_differences(a, b)) {
        if (difference.name == "data" || (budget_counts && are_other_budgets(difference)) ||
            is_named(same, difference.name)) {
            unlike.push_back(difference);
        }
    }
    return unlike;
}

bool has_budget(const Contender& contender) {
    const auto& settings = contender.cell->settings;
    return std::any_of(settings.begin(), settings.end(), [](const auto& setting) {
        return is_budget(setting.first) && !setting.second.empty();
    });
}

/// Each is represented by its first. Those without a budget come last and join every set they are
/// like: being like them is not transitive.
template <typename IsLike>
std::vector<Indices> alike_sets(const std::vector<Contender>& contenders, const IsLike& is_like) {
    std::vector<Indices> sets;
    Indices untrained;
    for (std::size_t i = 0; i < contenders.size(); ++i) {
        if (!has_budget(contenders[i])) {
            untrained.push_back(i);
            continue;
        }
        const auto found = std::find_if(
            sets.begin(), sets.end(), [&](const Indices& set) { return is_like(i, set.front()); });
        if (found == sets.end()) {
            sets.push_back({i});
        } else {
            found->push_back(i);
        }
    }
    for (const std::size_t i : untrained) {
        bool joined = false;
        for (Indices& set : sets) {
            if (is_like(i, set.front())) {
                set.push_back(i);
                joined = true;
            }
        }
        if (!joined) {
            sets.push_back({i});
        }
    }
    return sets;
}

}  // namespace

ComparableGroup comparable_group(const std::vector<Contender>& contenders, const Names& same) {
    ComparableGroup group{{}, std::vector<Differences>(contenders.size())};
    const bool budget_counts = !is_budget_studied(contenders);
    const std::vector<Indices> sets = alike_sets(contenders, [&](std::size_t a, std::size_t b) {
        return contenders[a].seeds == contenders[b].seeds &&  // spares a walk over the settings
               differences_of(contenders[a], contenders[b], same, budget_counts).empty();
    });
    const auto largest =
        std::max_element(sets.begin(), sets.end(), [&](const Indices& a, const Indices& b) {
            const auto rank = [&](const Indices& set) {
                return std::make_pair(set.size(), contenders[set.front()].seeds.size());
            };
            return rank(a) < rank(b);
        });
    if (largest == sets.end()) {
        return group;
    }
    const Contender& reference = contenders[largest->front()];
    group.members = *largest;
    std::sort(group.members.begin(), group.members.end());
    for (std::size_t i = 0; i < contenders.size(); ++i) {
        if (!std::binary_search(group.members.begin(), group.members.end(), i)) {
            group.unlike[i] = differences_of(contenders[i], reference, same, budget_counts);
        }
    }
    return group;
}

ComparableCells comparable_cells(const Summary& summary,
                                 const std::string& metric,
                                 const ComparisonOptions& options) {
    ComparableCells result{{}, std::vector<std::string>(summary.cells.size())};
    const Units units(summary, metric);
    Indices measured;
    std::vector<Contender> contenders;
    for (std::size_t i = 0; i < summary.cells.size(); ++i) {
        const CellSummary& cell = summary.cells[i];
        std::vector<std::uint64_t> seeds = seeds_of(cell, metric);
        if (!seeds.empty()) {
            measured.push_back(i);
            contenders.push_back({&cell.info, std::move(seeds), units.unit(cell.info.run, metric)});
        } else if (known_mean(cell, metric)) {
            result.why_not[i] = "published, its seeds are not known";
        }
    }
    if (!options.baseline.empty()) {
        const CellSummary& versus = summary.cells[find_cell(summary, options.baseline)];
        if (known_mean(versus, metric)) {
            for (const std::size_t i : measured) {
                const CellSummary& cell = summary.cells[i];
                Differences unfair = unfair_differences(cell.info, versus.info, options.same);
                add_seed_difference(unfair, cell, versus, metric);
                add_unit_difference(unfair, cell, versus, metric, units);
                if (unfair.empty()) {
                    result.cells.push_back(i);
                } else {
                    result.why_not[i] =
                        "no fair comparison with " + versus.info.name + ", see Comparisons";
                }
            }
            return result;
        }
    }
    const ComparableGroup group = comparable_group(contenders, options.same);
    for (const std::size_t member : group.members) {
        result.cells.push_back(measured[member]);
    }
    for (std::size_t i = 0; i < measured.size(); ++i) {
        if (!group.unlike[i].empty()) {
            result.why_not[measured[i]] = unlike_text(group.unlike[i]);
        }
    }
    return result;
}

std::string unlike_text(const Differences& unlike) {
    std::string text;
    for (const SettingDifference& difference : unlike) {
        text += (text.empty() ? "" : ", ") +
                (difference.name == "data" ? "other data" : difference_text({difference}));
    }
    return text;
}

}  // namespace harrow::analysis
