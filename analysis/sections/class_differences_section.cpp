#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "analysis/sections/class_verdict.hpp"
#include "analysis/sections/metrics_table.hpp"
#include "analysis/sections/sections.hpp"
#include "analysis/sections/values.hpp"
#include "analysis/statistics/test_result.hpp"

namespace harrow::analysis {
namespace {

constexpr std::size_t kMaxColumns = 6;  ///< cells beside each other, the baseline among them
constexpr std::size_t kMaxRows = 30;    ///< cells below each other
constexpr std::size_t kMaxNamed = 8;    ///< differences that a sentence names
constexpr const char* kMean = "mean";
constexpr const char* kUntestedMark = "?";
constexpr const char* kNotSeparableMark = "≈";

/// Which marks a table has, for its notes.
struct Marks {
    bool separable = false, not_separable = false;
    std::set<std::string> untested;             ///< why
    std::map<std::string, std::string> unfair;  ///< name of the cell -> what differs
};

const MetricSummary* values_in(const CellSummary& cell,
                               const std::string& class_name,
                               const std::string& metric) {
    if (class_name == kMean) {
        return find_metric(cell.metrics, metric);
    }
    const auto found = cell.classes.find(class_name);
    return found == cell.classes.end() ? nullptr : find_metric(found->second, metric);
}

TableCell value_in(const Report& report,
                   const CellSummary& cell,
                   const std::string& class_name,
                   const std::string& metric) {
    const MetricFormat format = metric_format(report, metric);
    const MetricSummary* measured = values_in(cell, class_name, metric);
    if (measured != nullptr && !measured->values.empty()) {
        return metric_cell(measured, format);
    }
    const auto of_class = cell.info.published.find(class_name);
    if (of_class == cell.info.published.end() || of_class->second.count(metric) == 0) {
        return absent_cell();
    }
    const Published& published = of_class->second.at(metric);
    TableCell text = number_cell(fixed_text(published.mean * format.factor, format.decimals));
    if (published.std) {
        text.spread = fixed_text(*published.std * format.factor, format.decimals);
    }
    text.suffix = "(published)";
    return text;
}

TableCell difference_cell(const Report& report,
                          const ClassDifference* difference,
                          const std::string& metric,
                          Marks& marks) {
    if (difference == nullptr) {
        return absent_cell();
    }
    TableCell cell =
        difference->other_data
            ? absent_cell()
            : number_cell(signed_text(difference->pair.delta, metric_format(report, metric)));
    cell.hint = difference->pair.note;
    switch (difference->separation) {
        case Separation::Unfair: {
            cell.mark = kLeftOutMark;
            const std::string& name = report.summary.cells[difference->pair.cell].info.name;
            marks.unfair.emplace(name, difference_text(difference->pair.unfair));
            break;
        }
        case Separation::Untested:
            cell.mark = kUntestedMark;
            marks.untested.insert(why_untested(difference->pair));
            break;
        case Separation::NotSeparable:
            cell.mark = kNotSeparableMark;
            marks.not_separable = true;
            break;
        case Separation::Separable:
            cell.suffix = "*";
            marks.separable = true;
            break;
    }
    return cell;
}

std::string family_text(const Report& report, const ClassComparisons& of) {
    const std::string classes = counted(of.tested_classes, "test", "tests") + " of cells × classes";
    const std::string means = counted(of.tested_means, "test", "tests") + " of ";
    if (report.compare.adjust == "none") {
        return "p is not adjusted for " + classes +
               (of.tested_means > 0 ? " and " + means + "means" : "");
    }
    return "p adjusted by " + report.compare.adjust + " over the " + classes +
           (of.tested_means > 0 ? ", that of a mean over the " + means + "cells" : "");
}

std::string test_note(const Report& report, const ClassComparisons& of) {
    return "Test " + of.test + (of.test == "welch" ? "; " : " over common seeds; ") +
           family_text(report, of) + ".";
}

std::vector<std::string> mark_notes(const Report& report,
                                    const ClassComparisons& of,
                                    const Marks& marks) {
    std::vector<std::string> notes;
    const std::string alpha = note_number(report.compare.alpha);
    if (marks.separable) {
        notes.push_back(std::string("* separable from noise: ") +
                        (report.compare.adjust == "none" ? "p" : "adjusted p") + " of at most " +
                        alpha + ".");
    }
    if (marks.not_separable) {
        notes.push_back(std::string(kNotSeparableMark) +
                        " not separable from noise: neither a gain nor a loss.");
    }
    if (marks.separable || marks.not_separable) {
        notes.push_back(test_note(report, of));
    }
    if (!marks.untested.empty()) {
        notes.push_back(std::string(kUntestedMark) +
                        " not tested: " + joined(marks.untested, "; ") + ".");
    }
    std::map<std::string, std::string> cells;  // by what differs
    for (const auto& [name, what] : marks.unfair) {
        std::string& names = cells[what];
        names += (names.empty() ? "" : ", ") + name;
    }
    for (const auto& [what, names] : cells) {
        notes.push_back(std::string(kLeftOutMark) +
                        " not a fair comparison (cell / baseline: " + what + "): " + names + ".");
    }
    return notes;
}

/// Of cells that are compared although classes have epochs of their own.
std::string budget_note(const Report& report,
                        const ClassComparisons& of,
                        const std::vector<std::size_t>& cells) {
    const CellInfo& versus = report.summary.cells[of.versus].info;
    std::string names;
    for (const std::size_t cell : cells) {
        const CellInfo& info = report.summary.cells[cell].info;
        if (cell != of.versus && have_other_class_budgets(info, versus)) {
            names += (names.empty() ? "" : ", ") + info.name;
        }
    }
    return names.empty()
               ? ""
               : "Other epochs than " + versus.name +
                     " in some classes (per_class), and compared all the same: " + names + ".";
}

void add_notes(const Report& report,
               const ClassComparisons& of,
               const Marks& marks,
               const std::vector<std::size_t>& cells,
               Table& table) {
    table.notes = mark_notes(report, of, marks);
    const std::string budgets = budget_note(report, of, cells);
    if (!budgets.empty()) {
        table.notes.push_back(budgets);
    }
    for (std::string& note : metric_notes(report, {of.metric})) {
        table.notes.push_back(std::move(note));
    }
    const std::size_t all = report.summary.cells.size();
    if (cells.size() < all) {
        table.notes.push_back(left_out_note(cells.size(), all) +
                              " The tests counted are those of all cells.");
    }
}

/// "5 seeds each" where all values say "(5)", which then is left out behind each.
std::string take_common_count(Table& table) {
    const auto is_value = [&](std::size_t column) { return table.columns[column].heading != "Δ"; };
    std::set<std::string> counts;
    for (const TableRow& row : table.rows) {
        for (std::size_t i = 1; i < row.cells.size(); ++i) {
            if (is_value(i) && row.cells[i].is_number) {
                counts.insert(row.cells[i].suffix);
            }
        }
    }
    const std::string count = counts.size() == 1 ? *counts.begin() : "";
    if (count.size() < 3 || count.find_first_not_of("0123456789", 1) != count.size() - 1) {
        return "";  // "(4/5)", "(published)"
    }
    for (TableRow& row : table.rows) {
        for (std::size_t i = 1; i < row.cells.size(); ++i) {
            if (is_value(i)) {
                row.cells[i].suffix.clear();
            }
        }
    }
    const std::string number = count.substr(1, count.size() - 2);
    return number + (number == "1" ? " seed each" : " seeds each");
}

/// Classes below each other, and the mean; of each cell its value and Δ.
Table classes_table(const Report& report, const ClassComparisons& of) {
    const std::vector<std::size_t> shown = shown_cells(report, of.metric, kMaxColumns);
    std::vector<std::size_t> cells = shown;
    cells.erase(std::remove(cells.begin(), cells.end(), of.versus), cells.end());
    const std::string& versus = report.summary.cells[of.versus].info.name;
    Table table;
    table.id = "class-differences-" + id_text(of.metric);
    table.caption = metric_heading(report, of.metric) + " by class, Δ against " + versus;
    table.columns = {{"class", "", true}, {"value", versus}};
    for (const std::size_t cell : cells) {
        const std::string& name = report.summary.cells[cell].info.name;
        table.columns.push_back({"value", name});
        table.columns.push_back({"Δ", name});
    }
    std::vector<std::string> rows = of.classes;
    rows.emplace_back(kMean);
    Marks marks;
    for (const std::string& class_name : rows) {
        TableRow row;
        row.rule_above = class_name == kMean;
        row.cells = {{class_name},
                     value_in(report, report.summary.cells[of.versus], class_name, of.metric)};
        for (const std::size_t cell : cells) {
            row.cells.push_back(
                value_in(report, report.summary.cells[cell], class_name, of.metric));
            row.cells.push_back(
                difference_cell(report, find_difference(of, cell, class_name), of.metric, marks));
        }
        table.rows.push_back(std::move(row));
    }
    const std::string seeds = take_common_count(table);
    if (!seeds.empty()) {
        table.caption += ", " + seeds;
    }
    add_notes(report, of, marks, shown, table);
    return table;
}

std::string relative_text(const std::optional<double>& relative) {
    return relative ? signed_text(*relative, {1, 100}) + " %" : "–";
}

/// "2 of 7: fabric +0.1042, vial -0.1363"
std::string separable_text(const Report& report,
                           const std::vector<const ClassDifference*>& of_cell) {
    std::size_t tested = 0, separable = 0;
    std::string names;
    for (const ClassDifference* difference : of_cell) {
        tested += difference->separation == Separation::Separable ||
                          difference->separation == Separation::NotSeparable
                      ? 1
                      : 0;
        if (difference->separation == Separation::Separable && ++separable <= kMaxNamed) {
            names +=
                (names.empty() ? "" : ", ") + difference->class_name + " " +
                signed_text(difference->pair.delta, metric_format(report, difference->pair.metric));
        }
    }
    if (tested == 0) {
        return "–";
    }
    return std::to_string(separable) + " of " + std::to_string(tested) +
           (names.empty() ? "" : ": " + names) + (separable > kMaxNamed ? ", …" : "");
}

/// Cells below each other: the mean, what can be said of it, and in which classes something can.
Table verdicts_table(const Report& report, const ClassComparisons& of) {
    const std::vector<std::size_t> cells = shown_cells(report, of.metric, kMaxRows);
    std::map<std::size_t, std::vector<const ClassDifference*>> by_cell;
    for (const ClassDifference& difference : of.differences) {
        by_cell[difference.pair.cell].push_back(&difference);
    }
    Table table;
    table.id = "class-verdicts-" + id_text(of.metric);
    table.caption = metric_heading(report, of.metric) + ", mean over classes, Δ against " +
                    report.summary.cells[of.versus].info.name;
    table.columns = {{"cell", "", true},
                     {metric_heading(report, of.metric)},
                     {"Δ"},
                     {"Δ relative"},
                     {"p (" + report.compare.adjust + ")"},
                     {"the mean", "", true},
                     {"separable classes", "", true}};
    Marks marks;
    for (const std::size_t cell : cells) {
        TableRow row;
        row.cells = {{report.summary.cells[cell].info.name},
                     value_in(report, report.summary.cells[cell], kMean, of.metric)};
        if (cell == of.versus) {
            row.cells.insert(row.cells.end(), {{"–"}, {"–"}, {"–"}, {"baseline"}, {"–"}});
            table.rows.push_back(std::move(row));
            continue;
        }
        std::vector<const ClassDifference*> of_cell = by_cell[cell];
        const bool has_mean = !of_cell.empty() && of_cell.back()->class_name == kMean;
        const ClassDifference* mean = has_mean ? of_cell.back() : nullptr;
        if (has_mean) {
            of_cell.pop_back();
        }
        const bool is_compared = has_mean && !mean->other_data;
        row.cells.push_back(difference_cell(report, mean, of.metric, marks));
        if (mean != nullptr && mean->separation == Separation::NotSeparable) {
            row.cells.back().mark.clear();  // the column "the mean" says it in words
        }
        row.cells.back().suffix.clear();
        row.cells.push_back(
            number_cell(relative_text(is_compared ? mean->relative : std::nullopt)));
        row.cells.push_back({p_text(has_mean ? mean->pair.p_adjusted : std::nullopt)});
        row.cells.push_back({has_mean ? separation_text(mean->separation) : "–"});
        row.cells.push_back({separable_text(report, of_cell)});
        table.rows.push_back(std::move(row));
    }
    marks.separable = marks.not_separable = false;
    add_notes(report, of, marks, cells, table);
    if (of.tested_classes + of.tested_means > 0) {
        table.notes.insert(table.notes.begin(), test_note(report, of));
    }
    table.notes.emplace_back("Δ relative: Δ in per cent of the mean of " +
                             report.summary.cells[of.versus].info.name + ".");
    return table;
}

}  // namespace

std::optional<Section> class_differences_section(const Report& report) {
    if (report.class_comparisons.empty()) {
        return std::nullopt;
    }
    const std::size_t versus = report.class_comparisons.front().versus;
    Section section{
        "class-differences", "Classes against " + report.summary.cells[versus].info.name, {}};
    for (const ClassComparisons& of : report.class_comparisons) {
        if (of.differences.empty()) {
            continue;
        }
        section.blocks.emplace_back(class_verdict(report, of));
        section.blocks.emplace_back(classes_table(report, of));
        section.blocks.emplace_back(verdicts_table(report, of));
    }
    return section.blocks.empty() ? std::nullopt : std::optional(section);
}

}  // namespace harrow::analysis
