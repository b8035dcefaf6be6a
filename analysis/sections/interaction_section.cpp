#include <algorithm>
#include <cmath>
#include <utility>

#include "analysis/comparison/synergy.hpp"
#include "analysis/sections/sections.hpp"
#include "analysis/sections/values.hpp"
#include "analysis/statistics/multiplicity.hpp"

namespace harrow::analysis {
namespace {

constexpr std::size_t kMaxRows = 20;

struct Measured {
    Combination combination;
    CombinationEffect effect;
    std::optional<double> p_adjusted;
};

std::vector<Measured> measure(const Report& report,
                              const std::vector<Combination>& combinations,
                              const std::string& metric) {
    std::vector<Measured> all;
    std::vector<std::optional<double>> p;
    for (const Combination& combination : combinations) {
        auto effect = combination_effect(report.summary, combination, metric);
        if (effect) {
            p.push_back(effect->test.p);
            all.push_back({combination, std::move(*effect), std::nullopt});
        }
    }
    const auto adjusted = adjust_p_values(p, Adjustment::Holm);
    for (std::size_t i = 0; i < all.size(); ++i) {
        all[i].p_adjusted = adjusted[i];
    }
    return all;
}

TableRow combination_row(const Report& report, const Measured& measured, const MetricFormat& unit) {
    const std::vector<CellSummary>& cells = report.summary.cells;
    const Combination& at = measured.combination;
    const CombinationEffect& effect = measured.effect;
    const auto number = [&](double value) { return number_cell(signed_text(value, unit)); };
    TableRow row;
    row.cells = {{cells[at.base].info.name},
                 {cells[at.first].info.name},
                 {cells[at.second].info.name},
                 {cells[at.both].info.name},
                 number(effect.first),
                 number(effect.second),
                 number(effect.first + effect.second),
                 number(effect.together),
                 number(effect.synergy),
                 number_cell(std::to_string(measured.effect.n)),
                 number_cell(p_text(measured.p_adjusted))};
    row.cells.back().hint = measured.effect.test.note;
    return row;
}

Table combination_table(const Report& report,
                        const std::vector<Combination>& combinations,
                        const std::string& metric) {
    std::vector<Measured> all = measure(report, combinations, metric);
    Table table;
    table.id = "combinations-" + id_text(metric);
    table.caption = metric_heading(report, metric) + ": parts alone and together";
    table.columns = {{"base", "", true},
                     {"A", "", true},
                     {"B", "", true},
                     {"A and B", "", true},
                     {"A alone"},
                     {"B alone"},
                     {"sum"},
                     {"together"},
                     {"synergy"},
                     {"n"},
                     {"p (Holm)"}};
    std::stable_sort(all.begin(), all.end(), [](const Measured& a, const Measured& b) {
        return std::abs(a.effect.synergy) > std::abs(b.effect.synergy);
    });
    const MetricFormat unit = metric_format(report, metric);
    for (std::size_t i = 0; i < std::min(kMaxRows, all.size()); ++i) {
        table.rows.push_back(combination_row(report, all[i], unit));
    }
    table.notes.push_back(
        "Synergy: together less the sum, over the n seeds that all four cells "
        "have; p of a paired t test, adjusted over all combinations.");
    if (all.size() > kMaxRows) {
        table.notes.push_back("The " + std::to_string(kMaxRows) + " of " +
                              std::to_string(all.size()) + " with the largest synergy.");
    }
    return table;
}

const char* verdict_text(EffectVerdict verdict) {
    switch (verdict) {
        case EffectVerdict::Integral:
            return "integral";
        case EffectVerdict::Generic:
            return "generic";
        case EffectVerdict::Unclear:
            break;
    }
    return "unclear";
}

/// What one cell has that another has not: "model.unfreeze_base true".
std::string setting_text(const CellInfo& cell, const CellInfo& other) {
    std::string text;
    std::size_t shown = 0;
    for (const SettingDifference& difference : setting_differences(cell, other)) {
        if (difference.a.empty()) {
            continue;
        }
        if (++shown > 2) {
            return text + ", …";
        }
        text += (text.empty() ? "" : ", ") + difference.name + " " + difference.a;
    }
    return text.empty() ? cell.name : text;
}

Table design_table(const Report& report,
                   const ModuleDesign& design,
                   const std::string& metric,
                   std::size_t number) {
    const std::vector<CellSummary>& cells = report.summary.cells;
    const CellInfo& first = cells[design.first_base].info;
    const CellInfo& second = cells[design.second_base].info;
    const MetricFormat unit = metric_format(report, metric);
    Table table;
    table.id = "modules-" + std::to_string(number) + "-" + id_text(metric);
    table.caption = metric_heading(report, metric) +
                    ": modules under two settings, I: " + setting_text(first, second) + " (" +
                    first.name + "), II: " + setting_text(second, first) + " (" + second.name + ")";
    table.columns = {{"module", "", true},
                     {"I", "Δ"},
                     {"II", "Δ"},
                     {"II − I"},
                     {"II / I"},
                     {"n"},
                     {"p"},
                     {"verdict", "", true}};
    const double point = report.units.point(first.run, metric);
    for (const ModuleDesign::Module& module : design.modules) {
        const auto effect = module_effect(report.summary, design, module, metric, point);
        if (!effect) {
            continue;
        }
        TableCell name{setting_text(cells[module.first].info, first)};
        name.hint = cells[module.first].info.name + ", " + cells[module.second].info.name;
        TableCell ratio = effect->amplification.value
                              ? number_cell(fixed_text(*effect->amplification.value, 2))
                              : absent_cell();
        ratio.hint = effect->amplification.note;
        TableRow row;
        row.cells = {name,
                     number_cell(signed_text(effect->first, unit)),
                     number_cell(signed_text(effect->second, unit)),
                     number_cell(signed_text(*effect->interaction.mean, unit)),
                     ratio,
                     number_cell(std::to_string(effect->n)),
                     number_cell(p_text(effect->test.p)),
                     {verdict_text(effect->verdict)}};
        table.rows.push_back(std::move(row));
    }
    table.notes = {"Δ against the setting's own cell without modules (" + first.name + ", " +
                       second.name + ").",
                   "Verdict as the MoLE-Flow notes have it: integral, II gains over 2 points more "
                   "than I; generic, they differ by less than 1 point. It rests on means, p on a "
                   "paired t test over seeds. A ratio needs effects of one sign."};
    return table;
}

}  // namespace

std::optional<Section> interaction_section(const Report& report) {
    const std::vector<Combination> combinations =
        find_combinations(report.summary, report_baseline(report));
    if (combinations.empty()) {
        return std::nullopt;
    }
    const std::vector<ModuleDesign> designs = find_module_designs(report.summary, combinations);
    Section section{"interaction", "Combinations", {}};
    for (const std::string& metric : key_metrics(report)) {
        Table table = combination_table(report, combinations, metric);
        if (!table.rows.empty()) {
            section.blocks.emplace_back(std::move(table));
        }
        for (std::size_t i = 0; i < std::min<std::size_t>(designs.size(), 4); ++i) {
            Table modules = design_table(report, designs[i], metric, i + 1);
            if (!modules.rows.empty()) {
                section.blocks.emplace_back(std::move(modules));
            }
        }
    }
    return section.blocks.empty() ? std::nullopt : std::optional(section);
}

}  // namespace harrow::analysis
