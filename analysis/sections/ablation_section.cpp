#include <algorithm>
#include <cmath>
#include <utility>

#include "analysis/comparison/ablation.hpp"
#include "analysis/sections/sections.hpp"
#include "analysis/sections/values.hpp"

namespace harrow::analysis {
namespace {

constexpr std::size_t kMaxRows = 60;

std::string stars(double importance, double loss) {
    const int full = loss <= 0 ? 0 : std::max(1, static_cast<int>(std::lround(importance * 5)));
    std::string text;
    for (int i = 0; i < 5; ++i) {
        text += i < full ? "★" : "☆";
    }
    return text;
}

/// "model.dia_n_blocks 4 → 0"
std::string change_text(const std::vector<SettingDifference>& differences) {
    const auto shown = [](const std::string& text) {
        return text.empty() ? std::string("–") : text;
    };
    std::string text;
    for (const SettingDifference& difference : differences) {
        text += (text.empty() ? "" : ", ") + difference.name + " " + shown(difference.a) + " → " +
                shown(difference.b);
    }
    return text.empty() ? "–" : text;
}

void add_importance(TableRow& row, const Removal& removal) {
    if (!removal.importance) {
        row.cells.push_back(absent_cell());
        row.cells.push_back({"–"});
        return;
    }
    row.cells.push_back(number_cell(fixed_text(*removal.importance, 2)));
    row.cells.push_back({stars(*removal.importance, *removal.loss)});
}

TableRow removal_row(const Report& report,
                     const AblationStudy& study,
                     const Removal& removal,
                     std::size_t rank,
                     const std::vector<std::string>& metrics) {
    const CellSummary& cell = report.summary.cells[removal.cell];
    const CellSummary& full = report.summary.cells[study.full];
    TableRow row;
    row.cells.push_back(removal.loss ? number_cell(std::to_string(rank)) : absent_cell());
    TableCell name{cell.info.label.empty() ? cell.info.name : cell.info.label};
    name.mark = removal.is_fair() ? "" : "‡";
    name.hint = removal.is_fair() ? "" : "also differs: " + difference_text(removal.unlike);
    row.cells.push_back(std::move(name));
    row.cells.push_back({change_text(removal.removed)});
    for (const std::string& metric : metrics) {
        row.cells.push_back(value_cell(report, cell, metric));
        row.cells.push_back(delta_cell(report, metric, paired_delta(cell, full, metric)));
    }
    add_importance(row, removal);
    return row;
}

/// Removals that differ in the same way share a line.
std::vector<std::string> unfair_notes(const Report& report, const AblationStudy& study) {
    std::vector<std::pair<std::string, std::string>> by_text;  // differences, names
    for (const Removal& removal : study.removals) {
        if (removal.is_fair()) {
            continue;
        }
        const std::string text = difference_text(removal.unlike);
        const std::string& name = report.summary.cells[removal.cell].info.name;
        const auto known = std::find_if(
            by_text.begin(), by_text.end(), [&](const auto& pair) { return pair.first == text; });
        if (known == by_text.end()) {
            by_text.emplace_back(text, name);
        } else {
            known->second += ", " + name;
        }
    }
    std::vector<std::string> notes;
    for (const auto& [text, names] : by_text) {
        notes.push_back("‡ no fair comparison, not ranked: besides what was removed, " + names +
                        " differ from " + report.summary.cells[study.full].info.name + " in " +
                        text + " (full / without).");
    }
    return notes;
}

Table ablation_table(const Report& report, const AblationStudy& study, const std::string& metric) {
    const std::vector<std::string> metrics = shown_metrics(report);
    const CellSummary& full = report.summary.cells[study.full];
    Table table;
    table.id = "ablation";
    table.caption = "Without parts of " + full.info.name;
    table.columns = {{"rank"}, {"cell", "", true}, {"changed", "", true}};
    TableRow first;
    first.cells = {absent_cell(), {full.info.name}, {"–"}};
    for (const std::string& shown : metrics) {
        table.columns.push_back({metric_heading(report, shown)});
        table.columns.push_back({delta_heading(report, shown)});
        first.cells.push_back(value_cell(report, full, shown));
        first.cells.push_back(absent_cell());
    }
    table.columns.push_back({"importance"});
    table.columns.push_back({"", "", true});
    first.cells.push_back(absent_cell());
    first.cells.push_back({"–"});
    table.rows.push_back(std::move(first));
    std::size_t rank = 0;
    bool ruled = false;
    for (const Removal& removal : study.removals) {
        if (table.rows.size() > kMaxRows) {
            table.notes.push_back(std::to_string(kMaxRows) + " of " +
                                  std::to_string(study.removals.size()) +
                                  " removals; all are in the CSV.");
            break;
        }
        rank += removal.loss ? 1 : 0;
        table.rows.push_back(removal_row(report, study, removal, rank, metrics));
        table.rows.back().rule_above = rank == 1 && !ruled;
        ruled = ruled || rank == 1;
    }
    table.notes.push_back("Importance: loss of " + metric +
                          " against the full cell over the largest such loss here; a removal that "
                          "costs nothing has 0.");
    for (std::string& note : unfair_notes(report, study)) {
        table.notes.push_back(std::move(note));
    }
    return table;
}

}  // namespace

std::optional<Section> ablation_section(const Report& report) {
    const std::vector<CellSummary>& cells = report.summary.cells;
    if (std::none_of(cells.begin(), cells.end(), [](const CellSummary& cell) {
            return is_ablation(cell.info);
        })) {
        return std::nullopt;
    }
    Section section{"ablation", "Ablations", {}};
    const std::optional<std::size_t> full = report_baseline(report);
    if (!full) {
        section.blocks.emplace_back(
            Paragraph{"There are ablation cells, but no cell to hold them against: name it as "
                      "compare.baseline in the sweep or with --vs, or call it main.",
                      true});
        return section;
    }
    const std::string metric = main_metric(report);
    const std::optional<sweeps::Goal> goal = goal_in(report, metric);
    const AblationStudy study = study_ablations(
        report.summary, *full, report.compare.same, metric, goal != sweeps::Goal::Minimize);
    if (study.removals.empty()) {
        return std::nullopt;
    }
    Table table = ablation_table(report, study, metric);
    for (const TableRow& row : table.rows) {
        if (std::any_of(row.cells.begin(), row.cells.end(), [](const TableCell& cell) {
                return cell.mark == "†";
            })) {
            table.notes.push_back(delta_note());
            break;
        }
    }
    section.blocks.emplace_back(std::move(table));
    return section;
}

}  // namespace harrow::analysis
