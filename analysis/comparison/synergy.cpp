#include "analysis/comparison/synergy.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>
#include <map>
#include <set>
#include <utility>

#include "analysis/comparison/comparison.hpp"
#include "analysis/comparison/setting_codes.hpp"

namespace harrow::analysis {
namespace {

using Part = std::vector<std::pair<std::size_t, int>>;  // parameter, code; ascending

Part differences(const SettingCodes& codes, std::size_t base, std::size_t cell) {
    Part part;
    for (std::size_t column = 0; column < codes.parameters.size(); ++column) {
        if (codes.codes[cell][column] != codes.codes[base][column]) {
            part.emplace_back(column, codes.codes[cell][column]);
        }
    }
    return part;
}

/// `whole` without `part`; absent unless `part` lies in it and leaves something.
std::optional<Part> rest_of(const Part& whole, const Part& part) {
    if (part.size() >= whole.size() || part.empty() ||
        !std::includes(whole.begin(), whole.end(), part.begin(), part.end())) {
        return std::nullopt;
    }
    Part rest;
    std::set_difference(
        whole.begin(), whole.end(), part.begin(), part.end(), std::back_inserter(rest));
    return rest;
}

std::vector<Combination> around(const SettingCodes& codes,
                                const std::vector<std::size_t>& cells,
                                std::size_t base) {
    std::map<Part, std::size_t> by_part;  // the first cell with it
    std::vector<std::pair<const Part*, std::size_t>> parts;
    for (const std::size_t cell : cells) {
        const auto placed = by_part.emplace(differences(codes, base, cell), cell);
        if (placed.second) {
            parts.emplace_back(&placed.first->first, cell);
        }
    }
    std::vector<Combination> found;
    for (const auto& [whole, both] : parts) {
        for (const auto& [part, first] : parts) {
            const std::optional<Part> rest = rest_of(*whole, *part);
            const auto second = rest ? by_part.find(*rest) : by_part.end();
            if (second != by_part.end() && first < second->second) {
                found.push_back({base, first, second->second, both});
            }
        }
    }
    return found;
}

/// The cell that agrees in most parameters with what is commonest in its group.
std::size_t most_common(const SettingCodes& codes, const std::vector<std::size_t>& cells) {
    std::vector<std::map<int, std::size_t>> counts(codes.parameters.size());
    for (const std::size_t cell : cells) {
        for (std::size_t column = 0; column < counts.size(); ++column) {
            ++counts[column][codes.codes[cell][column]];
        }
    }
    std::size_t best = cells.front(), most = 0;
    for (const std::size_t cell : cells) {
        std::size_t common = 0;
        for (std::size_t column = 0; column < counts.size(); ++column) {
            common += counts[column][codes.codes[cell][column]];
        }
        if (common > most) {
            best = cell;
            most = common;
        }
    }
    return best;
}

/// The means as if they were values of one seed: where one of the cells is published, no seeds can
/// be paired. Empty where one has no mean.
std::vector<TwoWayValues> means_of(const Summary& summary,
                                   const std::array<std::size_t, 4>& cells,
                                   const std::string& metric) {
    std::array<double, 4> means{};
    for (std::size_t i = 0; i < cells.size(); ++i) {
        const std::optional<double> mean = known_mean(summary.cells[cells[i]], metric);
        if (!mean) {
            return {};
        }
        means[i] = *mean;
    }
    return {{means[0], means[1], means[2], means[3]}};
}

/// By seed that all cells have. Cells in the order without, with (first setting), without, with
/// (second setting).
std::vector<TwoWayValues> common_values(const Summary& summary,
                                        const std::array<std::size_t, 4>& cells,
                                        const std::string& metric) {
    std::array<const std::map<std::uint64_t, double>*, 4> values{};
    for (std::size_t i = 0; i < cells.size(); ++i) {
        const CellSummary& cell = summary.cells[cells[i]];
        const auto found = cell.metrics.find(metric);
        if (found == cell.metrics.end() || found->second.values.empty()) {
            return means_of(summary, cells, metric);
        }
        values[i] = &found->second.values;
    }
    std::vector<TwoWayValues> seeds;
    for (const auto& [seed, value] : *values[0]) {
        const auto b = values[1]->find(seed), c = values[2]->find(seed), d = values[3]->find(seed);
        if (b != values[1]->end() && c != values[2]->end() && d != values[3]->end()) {
            seeds.push_back({value, b->second, c->second, d->second});
        }
    }
    return seeds;
}

/// Two cells that differ from `base` in a common parameter are levels of it.
bool are_levels(const Summary& summary, std::size_t base, std::size_t a, std::size_t b) {
    const auto names = [&](std::size_t cell) {
        std::set<std::string> found;
        for (const SettingDifference& difference :
             setting_differences(summary.cells[base].info, summary.cells[cell].info)) {
            found.insert(difference.name);
        }
        return found;
    };
    const std::set<std::string> x = names(a), y = names(b);
    return std::any_of(
        x.begin(), x.end(), [&](const std::string& name) { return y.count(name) != 0; });
}

bool is_trainable(const CellInfo& cell) {
    const auto found = cell.settings.find("model.unfreeze_base");
    return found != cell.settings.end() && found->second == "true";
}

}  // namespace

std::vector<Combination> find_combinations(const Summary& summary,
                                           std::optional<std::size_t> baseline) {
    const SettingCodes codes = setting_codes(summary);
    std::map<int, std::vector<std::size_t>> groups;
    for (std::size_t i = 0; i < summary.cells.size(); ++i) {
        if (codes.has_settings[i]) {
            groups[codes.ground[i]].push_back(i);
        }
    }
    std::vector<Combination> all;
    for (const auto& [ground, cells] : groups) {
        std::vector<std::size_t> bases = {cells.front(), most_common(codes, cells)};
        if (baseline && std::count(cells.begin(), cells.end(), *baseline) > 0) {
            bases.insert(bases.begin(), *baseline);
        }
        for (const std::size_t base : bases) {
            const std::vector<Combination> found = around(codes, cells, base);
            if (!found.empty()) {
                all.insert(all.end(), found.begin(), found.end());
                break;
            }
        }
    }
    return all;
}

std::optional<CombinationEffect> combination_effect(const Summary& summary,
                                                    const Combination& combination,
                                                    const std::string& metric) {
    const auto& [base, first, second, both] = combination;
    const std::vector<TwoWayValues> seeds =
        common_values(summary, {base, second, first, both}, metric);
    const std::optional<TwoWayEffect> two_way = two_way_effect(seeds);
    if (!two_way) {
        return std::nullopt;
    }
    CombinationEffect effect;
    effect.n = two_way->n;
    for (const TwoWayValues& seed : seeds) {
        effect.first += (seed.second_without - seed.first_without) / static_cast<double>(effect.n);
    }
    effect.second = two_way->first;
    effect.synergy = *two_way->interaction.mean;
    effect.together = effect.first + effect.second + effect.synergy;
    effect.test = two_way->test;
    return effect;
}

std::vector<ModuleDesign> find_module_designs(const Summary& summary,
                                              const std::vector<Combination>& combinations) {
    std::set<std::pair<std::size_t, std::size_t>> combined;
    std::map<std::pair<std::size_t, std::size_t>, std::vector<ModuleDesign::Module>> by_setting;
    for (const Combination& found : combinations) {
        combined.insert({found.first, found.second});
        by_setting[{found.base, found.first}].push_back({found.second, found.both});
        by_setting[{found.base, found.second}].push_back({found.first, found.both});
    }
    std::vector<ModuleDesign> designs;
    for (const auto& [bases, modules] : by_setting) {
        const bool apart = std::all_of(modules.begin(), modules.end(), [&](const auto& a) {
            return std::none_of(modules.begin(), modules.end(), [&](const auto& b) {
                return a.first != b.first && (combined.count({std::min(a.first, b.first),
                                                              std::max(a.first, b.first)}) != 0 ||
                                              are_levels(summary, bases.first, a.first, b.first));
            });
        });
        if (modules.size() < 2 || !apart) {
            continue;
        }
        ModuleDesign design{bases.first, bases.second, modules};
        if (!is_trainable(summary.cells[bases.first].info) &&
            is_trainable(summary.cells[bases.second].info)) {
            std::swap(design.first_base, design.second_base);
            for (ModuleDesign::Module& module : design.modules) {
                std::swap(module.first, module.second);
            }
        }
        designs.push_back(std::move(design));
    }
    return designs;
}

std::optional<TwoWayEffect> module_effect(const Summary& summary,
                                          const ModuleDesign& design,
                                          const ModuleDesign::Module& module,
                                          const std::string& metric,
                                          double point) {
    return two_way_effect(
        common_values(
            summary, {design.first_base, module.first, design.second_base, module.second}, metric),
        point);
}

}  // namespace harrow::analysis
