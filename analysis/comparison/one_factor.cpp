#include "analysis/comparison/one_factor.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>
#include <utility>

#include "analysis/comparison/setting_codes.hpp"
#include "sweeps/method_defaults.hpp"
#include "sweeps/parameters.hpp"

namespace harrow::analysis {
namespace {

using Columns = std::vector<std::size_t>;  // indices into SettingCodes::parameters

std::optional<double> number_of(const std::string& text) {
    double value = 0;
    const auto end = std::from_chars(text.data(), text.data() + text.size(), value);
    return end.ec == std::errc() && end.ptr == text.data() + text.size() && !text.empty()
               ? std::optional(value)
               : std::nullopt;
}

/// Codes of one parameter over all cells with settings, renumbered by first appearance: equal for
/// parameters that always vary together.
std::vector<int> pattern(const SettingCodes& codes, std::size_t column) {
    std::map<int, int> numbers;
    std::vector<int> shape;
    for (std::size_t i = 0; i < codes.codes.size(); ++i) {
        if (codes.has_settings[i]) {
            shape.push_back(
                numbers.emplace(codes.codes[i][column], static_cast<int>(numbers.size()))
                    .first->second);
        }
    }
    return shape;
}

std::vector<Columns> joint_columns(const SettingCodes& codes) {
    std::map<std::vector<int>, Columns> by_pattern;
    for (std::size_t column = 0; column < codes.parameters.size(); ++column) {
        by_pattern[pattern(codes, column)].push_back(column);
    }
    std::vector<Columns> factors;
    for (auto& [shape, columns] : by_pattern) {
        factors.push_back(std::move(columns));
    }
    std::sort(factors.begin(), factors.end());
    return factors;
}

/// Cells by what they hold outside `columns`; groups in the order of their first cells.
std::vector<std::vector<std::size_t>> groups_without(const SettingCodes& codes,
                                                     const Columns& columns) {
    std::map<std::vector<int>, std::vector<std::size_t>> by_rest;
    for (std::size_t i = 0; i < codes.codes.size(); ++i) {
        if (!codes.has_settings[i]) {
            continue;
        }
        std::vector<int> rest = codes.codes[i];
        for (const std::size_t column : columns) {
            rest[column] = -1;
        }
        rest.push_back(codes.ground[i]);
        by_rest[std::move(rest)].push_back(i);
    }
    std::vector<std::vector<std::size_t>> groups;
    for (auto& [rest, cells] : by_rest) {
        if (cells.size() > 1) {
            groups.push_back(std::move(cells));
        }
    }
    std::sort(groups.begin(), groups.end());
    return groups;
}

/// Sets of several parameters in which at least two cells, and they alone, differ from `baseline`.
std::set<Columns> columns_around(const SettingCodes& codes, std::size_t baseline) {
    std::map<Columns, std::size_t> counts;
    for (std::size_t i = 0; i < codes.codes.size(); ++i) {
        if (!codes.has_settings[i] || codes.ground[i] != codes.ground[baseline]) {
            continue;
        }
        Columns differing;
        for (std::size_t column = 0; column < codes.parameters.size(); ++column) {
            if (codes.codes[i][column] != codes.codes[baseline][column]) {
                differing.push_back(column);
            }
        }
        if (differing.size() > 1) {
            ++counts[differing];
        }
    }
    std::set<Columns> found;
    for (const auto& [columns, count] : counts) {
        if (count > 1) {
            found.insert(columns);
        }
    }
    return found;
}

/// No two different cells of the group share a value of any parameter.
bool vary_together(const SettingCodes& codes,
                   const Columns& columns,
                   const std::vector<std::size_t>& cells) {
    for (const std::size_t column : columns) {
        std::map<int, std::size_t> holder;
        for (const std::size_t cell : cells) {
            const std::size_t first = holder.emplace(codes.codes[cell][column], cell).first->second;
            for (const std::size_t other : columns) {
                if (codes.codes[first][other] != codes.codes[cell][other]) {
                    return false;
                }
            }
        }
    }
    return true;
}

/// Where a cell's method and version begin. Cells of several versions have their version's values.
sweeps::TrialConfig defaults_of(const CellInfo& info) {
    const auto text_of = [&](const char* name) {
        const auto found = info.settings.find(name);
        return found == info.settings.end() ? sweeps::default_text(*sweeps::find_parameter(name))
                                            : found->second;
    };
    return sweeps::method_defaults(text_of("method"), text_of("model.version"));
}

/// Of a parameter that chooses the defaults of others: TrialConfig's value, not the cell's own.
bool is_default(const std::string& name, const std::string& text, const CellInfo& info) {
    const sweeps::Parameter* parameter = sweeps::find_parameter(name);
    if (parameter == nullptr) {
        return false;
    }
    const bool chooses = name == "method" || name == "model.version";
    return text == (chooses ? sweeps::default_text(*parameter)
                            : sweeps::value_text(*parameter, defaults_of(info)));
}

std::size_t baseline_level(const Summary& summary,
                           const FactorFamily& family,
                           std::optional<std::size_t> baseline) {
    for (std::size_t i = 0; i < family.levels.size(); ++i) {
        if (family.levels[i].cell == baseline) {
            return i;
        }
    }
    for (std::size_t i = 0; i < family.levels.size(); ++i) {
        bool all = true;
        for (std::size_t k = 0; k < family.factor.size(); ++k) {
            all = all && is_default(family.factor[k],
                                    family.levels[i].values[k],
                                    summary.cells[family.levels[i].cell].info);
        }
        if (all) {
            return i;
        }
    }
    return 0;
}

FactorFamily family_of(const Summary& summary,
                       const SettingCodes& codes,
                       const Columns& columns,
                       const std::vector<std::size_t>& cells,
                       std::optional<std::size_t> baseline) {
    FactorFamily family;
    for (const std::size_t column : columns) {
        family.factor.push_back(codes.parameters[column]);
    }
    for (const std::size_t cell : cells) {
        FactorLevel level{{}, cell};
        for (const std::size_t column : columns) {
            level.values.push_back(
                codes.values[column][static_cast<std::size_t>(codes.codes[cell][column])]);
        }
        family.levels.push_back(std::move(level));
    }
    std::stable_sort(family.levels.begin(), family.levels.end(), [](const auto& a, const auto& b) {
        return std::lexicographical_compare(
            a.values.begin(), a.values.end(), b.values.begin(), b.values.end(), value_before);
    });
    family.baseline = baseline_level(summary, family, baseline);
    return family;
}

}  // namespace

bool value_before(const std::string& a, const std::string& b) {
    const std::optional<double> x = number_of(a), y = number_of(b);
    if (x && y && *x != *y) {
        return *x < *y;
    }
    if (a.empty() != b.empty()) {
        return a.empty();
    }
    return x.has_value() != y.has_value() ? x.has_value() : a < b;
}

std::vector<Factor> varying_factors(const Summary& summary) {
    const SettingCodes codes = setting_codes(summary);
    std::vector<Factor> factors;
    for (const Columns& columns : joint_columns(codes)) {
        Factor factor;
        for (const std::size_t column : columns) {
            factor.push_back(codes.parameters[column]);
        }
        factors.push_back(std::move(factor));
    }
    return factors;
}

std::vector<FactorFamily> one_factor_families(const Summary& summary,
                                              std::optional<std::size_t> baseline) {
    const SettingCodes codes = setting_codes(summary);
    std::set<Columns> factors;
    for (std::size_t column = 0; column < codes.parameters.size(); ++column) {
        factors.insert({column});
    }
    for (Columns& columns : joint_columns(codes)) {
        factors.insert(std::move(columns));
    }
    if (baseline && codes.has_settings[*baseline]) {
        factors.merge(columns_around(codes, *baseline));
    }
    std::vector<FactorFamily> families;
    for (const Columns& columns : factors) {
        for (const std::vector<std::size_t>& cells : groups_without(codes, columns)) {
            const bool varies = std::any_of(cells.begin(), cells.end(), [&](std::size_t cell) {
                return codes.codes[cell] != codes.codes[cells[0]];
            });
            if (varies && vary_together(codes, columns, cells)) {
                families.push_back(family_of(summary, codes, columns, cells, baseline));
            }
        }
    }
    return families;
}

std::vector<std::vector<std::size_t>> cells_equal_but(const Summary& summary,
                                                      const std::vector<std::string>& parameters) {
    const SettingCodes codes = setting_codes(summary);
    Columns columns;
    for (std::size_t column = 0; column < codes.parameters.size(); ++column) {
        if (std::count(parameters.begin(), parameters.end(), codes.parameters[column]) > 0) {
            columns.push_back(column);
        }
    }
    return columns.empty() ? std::vector<std::vector<std::size_t>>{}
                           : groups_without(codes, columns);
}

std::string level_text(const std::vector<std::string>& values) {
    std::string text;
    for (const std::string& value : values) {
        text += (text.empty() ? "" : " + ") + (value.empty() ? std::string("–") : value);
    }
    return text;
}

std::string factor_text(const Factor& factor) {
    std::string text;
    for (const std::string& name : factor) {
        text += (text.empty() ? "" : " + ") + name;
    }
    return text;
}

}  // namespace harrow::analysis
