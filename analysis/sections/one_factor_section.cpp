#include <algorithm>
#include <map>
#include <utility>

#include "analysis/comparison/ablation.hpp"
#include "analysis/comparison/one_factor.hpp"
#include "analysis/sections/sections.hpp"
#include "analysis/sections/values.hpp"

namespace harrow::analysis {
namespace {

constexpr std::size_t kMaxTables = 12;
constexpr std::size_t kMaxLevels = 40;

std::size_t num_values(const FactorFamily& family) {
    std::size_t count = 1;
    for (std::size_t i = 1; i < family.levels.size(); ++i) {
        count += family.levels[i].values != family.levels[i - 1].values ? 1 : 0;
    }
    return count;
}

bool holds(const FactorFamily& family, std::optional<std::size_t> cell) {
    return cell && std::any_of(family.levels.begin(), family.levels.end(), [&](const auto& level) {
               return level.cell == *cell;
           });
}

/// A pair with an ablation cell is shown among the ablations.
bool is_removal(const Report& report, const FactorFamily& family) {
    return family.levels.size() == 2 &&
           std::any_of(family.levels.begin(), family.levels.end(), [&](const auto& level) {
               return is_ablation(report.summary.cells[level.cell].info);
           });
}

/// The order of tasks has a section of its own.
bool is_order(const FactorFamily& family) {
    return std::all_of(family.factor.begin(), family.factor.end(), [](const std::string& name) {
        return name.rfind("sequence.", 0) == 0;
    });
}

/// With the baseline first, then with the selected cell, then with more levels.
std::vector<const FactorFamily*> in_order_of_interest(const Report& report,
                                                      const std::vector<FactorFamily>& families) {
    const std::optional<std::size_t> baseline = report_baseline(report);
    std::vector<const FactorFamily*> order;
    for (const FactorFamily& family : families) {
        if (!is_removal(report, family) && !is_order(family)) {
            order.push_back(&family);
        }
    }
    const auto rank = [&](const FactorFamily* family) {
        return std::make_pair(holds(*family, baseline)                ? 0
                              : holds(*family, report.selection.cell) ? 1
                                                                      : 2,
                              -static_cast<long>(num_values(*family)));
    };
    std::stable_sort(order.begin(), order.end(), [&](const auto* a, const auto* b) {
        return rank(a) < rank(b);
    });
    return order;
}

/// Few families: all. Many: of each factor the first two by interest.
std::vector<const FactorFamily*> shown_families(const std::vector<const FactorFamily*>& order) {
    std::vector<const FactorFamily*> shown;
    std::map<Factor, std::size_t> counts;
    for (const FactorFamily* family : order) {
        if ((order.size() <= kMaxTables || counts[family->factor]++ < 2) &&
            shown.size() < kMaxTables) {
            shown.push_back(family);
        }
    }
    return shown;
}

TableRow level_row(const Report& report,
                   const FactorFamily& family,
                   const FactorLevel& level,
                   const std::vector<std::string>& metrics) {
    const std::vector<CellSummary>& cells = report.summary.cells;
    const CellSummary& cell = cells[level.cell];
    const FactorLevel& base = family.levels[family.baseline];
    TableRow row;
    TableCell name = number_cell(level_text(level.values));
    name.hint = cell.info.name;
    row.cells = {name, {cell.info.label.empty() ? cell.info.name : cell.info.label}};
    std::optional<std::size_t> common;
    for (const std::string& metric : metrics) {
        row.cells.push_back(value_cell(report, cell, metric));
        if (level.cell == base.cell) {
            row.cells.push_back(absent_cell());
            continue;
        }
        const auto delta = paired_delta(cell, cells[base.cell], metric);
        row.cells.push_back(delta_cell(report, metric, delta));
        if (delta && !common) {
            common = delta->common;
        }
    }
    row.cells.push_back(common ? number_cell(std::to_string(*common)) : absent_cell());
    return row;
}

bool has_marks(const Table& table) {
    return std::any_of(table.rows.begin(), table.rows.end(), [](const TableRow& row) {
        return std::any_of(row.cells.begin(), row.cells.end(), [](const TableCell& cell) {
            return !cell.mark.empty();
        });
    });
}

Table family_table(const Report& report, const FactorFamily& family, std::size_t number) {
    const std::vector<std::string> metrics = shown_metrics(report);
    Table table;
    table.id = "one-factor-" + std::to_string(number) + "-" + id_text(factor_text(family.factor));
    const FactorLevel& base = family.levels[family.baseline];
    table.caption = factor_text(family.factor) + ", all else as in " +
                    report.summary.cells[base.cell].info.name;
    table.columns = {{factor_text(family.factor)}, {"cell", "", true}};
    for (const std::string& metric : metrics) {
        table.columns.push_back({metric_heading(report, metric)});
        table.columns.push_back({delta_heading(report, metric)});
    }
    table.columns.push_back({"common seeds"});
    for (const FactorLevel& level : family.levels) {
        if (table.rows.size() < kMaxLevels) {
            table.rows.push_back(level_row(report, family, level, metrics));
        }
    }
    table.notes.push_back("Δ against " + level_text(base.values) + ".");
    if (table.rows.size() < family.levels.size()) {
        table.notes.push_back("The first " + std::to_string(kMaxLevels) + " of " +
                              std::to_string(family.levels.size()) +
                              " levels; all are in the CSV.");
    }
    if (has_marks(table)) {
        table.notes.push_back(delta_note());
    }
    return table;
}

}  // namespace

std::optional<Section> one_factor_section(const Report& report) {
    const std::vector<FactorFamily> families =
        one_factor_families(report.summary, report_baseline(report));
    const std::vector<const FactorFamily*> order = in_order_of_interest(report, families);
    if (order.empty()) {
        return std::nullopt;
    }
    Section section{"one-factor", "One setting at a time", {}};
    section.blocks.emplace_back(
        Paragraph{"Cells with equal data, weights and settings but for the one named."});
    const std::vector<const FactorFamily*> shown = shown_families(order);
    for (std::size_t i = 0; i < shown.size(); ++i) {
        section.blocks.emplace_back(family_table(report, *shown[i], i + 1));
    }
    if (shown.size() < order.size()) {
        section.blocks.emplace_back(Paragraph{
            "Shown: " + std::to_string(shown.size()) + " of " + std::to_string(order.size()) +
            " groups of cells that differ in one setting, those with the baseline and "
            "the selected cell first."});
    }
    return section;
}

}  // namespace harrow::analysis
