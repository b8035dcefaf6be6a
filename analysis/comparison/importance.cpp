#include "analysis/comparison/importance.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "analysis/comparison/setting_codes.hpp"
#include "analysis/statistics/multiplicity.hpp"

namespace harrow::analysis {
namespace {

/// Fits beyond this many multiplications go without interactions: they would take seconds.
constexpr double kMaxWork = 5e7;

using Cells = std::vector<std::size_t>;
using Counts = std::map<int, std::size_t>;  // code -> cells

const MetricSummary* values_of(const Summary& summary, std::size_t cell, const std::string& name) {
    const auto found = summary.cells[cell].metrics.find(name);
    return found == summary.cells[cell].metrics.end() || found->second.values.empty()
               ? nullptr
               : &found->second;
}

/// Cells with values, of the commonest data and weights.
Cells candidates(const Summary& summary, const SettingCodes& codes, const std::string& metric) {
    std::map<int, Cells> groups;
    for (std::size_t i = 0; i < summary.cells.size(); ++i) {
        if (codes.has_settings[i] && values_of(summary, i, metric) != nullptr) {
            groups[codes.ground[i]].push_back(i);
        }
    }
    Cells largest;
    for (auto& [ground, cells] : groups) {
        if (cells.size() > largest.size()) {
            largest = std::move(cells);
        }
    }
    return largest;
}

Counts count_codes(const SettingCodes& codes, const Cells& cells, std::size_t column) {
    Counts counts;
    for (const std::size_t cell : cells) {
        ++counts[codes.codes[cell][column]];
    }
    return counts;
}

std::set<int> shared_codes(const Counts& counts) {
    std::set<int> shared;
    for (const auto& [code, count] : counts) {
        if (count > 1) {
            shared.insert(code);
        }
    }
    return shared;
}

/// Drops cells with values that no other cell shares until all that is left is shared.
Cells grid_of(const SettingCodes& codes, Cells cells) {
    for (std::size_t before = cells.size() + 1; cells.size() < before;) {
        before = cells.size();
        for (std::size_t column = 0; column < codes.parameters.size(); ++column) {
            const Counts counts = count_codes(codes, cells, column);
            const std::set<int> shared = shared_codes(counts);
            if (shared.empty() || shared.size() == counts.size()) {
                continue;
            }
            cells.erase(std::remove_if(cells.begin(),
                                       cells.end(),
                                       [&](std::size_t cell) {
                                           return shared.count(codes.codes[cell][column]) == 0;
                                       }),
                        cells.end());
        }
    }
    return cells;
}

/// Parameters with two or more values, those that vary together joined; by their first parameter.
std::vector<std::vector<std::size_t>> grid_columns(const SettingCodes& codes, const Cells& cells) {
    std::map<std::vector<int>, std::vector<std::size_t>> by_pattern;
    for (std::size_t column = 0; column < codes.parameters.size(); ++column) {
        std::map<int, int> numbers;
        std::vector<int> pattern;
        for (const std::size_t cell : cells) {
            pattern.push_back(
                numbers.emplace(codes.codes[cell][column], static_cast<int>(numbers.size()))
                    .first->second);
        }
        if (numbers.size() > 1) {
            by_pattern[pattern].push_back(column);
        }
    }
    std::vector<std::vector<std::size_t>> factors;
    for (auto& [pattern, columns] : by_pattern) {
        factors.push_back(std::move(columns));
    }
    std::sort(factors.begin(), factors.end());
    return factors;
}

std::string listed(const std::vector<Factor>& factors) {
    std::string text;
    for (const Factor& factor : factors) {
        text += (text.empty() ? "" : ", ") + factor_text(factor);
    }
    return text;
}

/// Observations of the grid: one per cell and seed.
struct Observations {
    std::vector<double> values;
    std::vector<AnovaFactor> factors;
};

Observations observe(const Summary& summary,
                     const SettingCodes& codes,
                     const Cells& cells,
                     const std::vector<std::vector<std::size_t>>& columns,
                     const std::vector<Factor>& names,
                     const std::string& metric) {
    Observations all;
    for (const Factor& name : names) {
        all.factors.push_back({factor_text(name), {}, false});
    }
    for (const std::size_t cell : cells) {
        for (const auto& [seed, value] : values_of(summary, cell, metric)->values) {
            all.values.push_back(value);
            for (std::size_t k = 0; k < columns.size(); ++k) {
                all.factors[k].levels.push_back(
                    std::to_string(codes.codes[cell][columns[k].front()]));
            }
        }
    }
    return all;
}

/// Columns of a fit with all pairs of factors.
std::size_t num_pair_columns(const std::vector<std::size_t>& levels) {
    std::size_t sum = 1, squares = 0;
    for (const std::size_t count : levels) {
        squares += (sum - 1) * (count - 1);
        sum += count - 1;
    }
    return sum + squares;
}

/// Whether a fit with the interactions of all pairs of factors is possible and quick.
bool allows_interactions(const Summary& summary,
                         const ImportanceStudy& study,
                         const std::vector<std::size_t>& levels,
                         const std::string& metric) {
    const std::size_t columns = num_pair_columns(levels);
    if (columns > study.cells.size()) {
        return false;
    }
    double combinations = 1;
    for (const std::size_t count : levels) {
        combinations *= static_cast<double>(count);
    }
    const std::size_t seeds = values_of(summary, study.cells.front(), metric)->values.size();
    const bool balanced =
        combinations == static_cast<double>(study.cells.size()) &&
        std::all_of(study.cells.begin(), study.cells.end(), [&](std::size_t cell) {
            return values_of(summary, cell, metric)->values.size() == seeds;
        });
    const auto width = static_cast<double>(columns);
    const std::size_t terms = levels.size() * (levels.size() + 1) / 2;
    const double work = width * width * static_cast<double>(study.cells.size()) *
                        static_cast<double>(balanced ? 1 : terms);
    return work <= kMaxWork;
}

std::string why_no_grid(const ImportanceStudy& study, const std::vector<std::size_t>& levels) {
    if (study.factors.empty()) {
        return "the cells form no grid: no two settings vary with values that several cells share";
    }
    if (study.factors.size() == 1) {
        return "among the cells that share values only " + listed(study.factors) +
               " varies; two factors make a grid";
    }
    for (std::size_t k = 0; k < levels.size(); ++k) {
        if (levels[k] > kMaxLevels) {
            return factor_text(study.factors[k]) + " has " + std::to_string(levels[k]) +
                   " values: as a factor it takes up to " + std::to_string(kMaxLevels);
        }
    }
    return "";
}

}  // namespace

ImportanceStudy study_importance(const Summary& summary, const std::string& metric) {
    const SettingCodes codes = setting_codes(summary);
    ImportanceStudy study;
    const Cells known = candidates(summary, codes, metric);
    study.cells = grid_of(codes, known);
    study.left_out = known.size() - study.cells.size();
    const auto columns = grid_columns(codes, study.cells);
    std::vector<std::size_t> levels;
    for (const std::vector<std::size_t>& factor : columns) {
        study.factors.emplace_back();
        for (const std::size_t column : factor) {
            study.factors.back().push_back(codes.parameters[column]);
        }
        levels.push_back(count_codes(codes, study.cells, factor.front()).size());
    }
    study.why_none = why_no_grid(study, levels);
    if (!study.why_none.empty()) {
        return study;
    }
    const Observations all = observe(summary, codes, study.cells, columns, study.factors, metric);
    study.with_interactions = allows_interactions(summary, study, levels, metric);
    study.anova = anova(all.values, all.factors, study.with_interactions ? 2 : 1);
    if (study.with_interactions && study.anova.residual_df == 0) {
        study.with_interactions = false;
        study.anova = anova(all.values, all.factors, 1);
    }
    if (study.anova.residual_df == 0) {
        study.why_none =
            "nothing is left to estimate the error from: more seeds or cells are "
            "needed (" +
            listed(study.factors) + ")";
        return study;
    }
    std::vector<std::optional<double>> p;
    for (const AnovaTerm& term : study.anova.terms) {
        p.push_back(term.p);
    }
    study.p_adjusted = adjust_p_values(p, Adjustment::Holm);
    return study;
}

}  // namespace harrow::analysis
