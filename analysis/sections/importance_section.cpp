#include <algorithm>
#include <utility>

#include "analysis/comparison/importance.hpp"
#include "analysis/sections/sections.hpp"
#include "analysis/sections/values.hpp"

namespace harrow::analysis {
namespace {

TableCell estimate_cell(const Estimate& estimate) {
    if (!estimate.value) {
        TableCell cell = absent_cell();
        cell.hint = estimate.note;
        return cell;
    }
    return number_cell(fixed_text(*estimate.value, 4));
}

Table anova_table(const ImportanceStudy& study, const std::string& metric) {
    Table table;
    table.id = "importance";
    table.caption = "Analysis of variance of " + metric;
    table.columns = {
        {"setting", "", true}, {"df"}, {"F"}, {"p"}, {"p (Holm)"}, {"partial η²"}, {"ω²"}};
    for (std::size_t i = 0; i < study.anova.terms.size(); ++i) {
        const AnovaTerm& term = study.anova.terms[i];
        std::string name;
        for (const std::size_t factor : term.factors) {
            name += (name.empty() ? "" : " × ") + factor_text(study.factors[factor]);
        }
        TableRow row;
        row.cells = {{name},
                     number_cell(std::to_string(term.df)),
                     term.f ? number_cell(fixed_text(*term.f, 2)) : absent_cell(),
                     number_cell(p_text(term.p)),
                     number_cell(p_text(study.p_adjusted[i])),
                     estimate_cell(term.partial_eta2),
                     estimate_cell(term.omega2)};
        if (!term.note.empty()) {
            row.cells.front().hint = term.note;
            table.notes.push_back(name + ": " + term.note + ".");
        }
        table.rows.push_back(std::move(row));
    }
    constexpr std::size_t kMaxNotes = 6;
    if (table.notes.size() > kMaxNotes) {
        table.notes = {std::to_string(table.notes.size()) +
                       " terms lack combinations of levels and lose degrees of freedom."};
    }
    TableRow error;
    error.rule_above = true;
    error.cells = {{"error"}, number_cell(std::to_string(study.anova.residual_df))};
    while (error.cells.size() < table.columns.size()) {
        error.cells.push_back({""});
    }
    table.rows.push_back(std::move(error));
    return table;
}

std::string basis_text(const ImportanceStudy& study) {
    std::string text =
        std::to_string(study.cells.size()) + " cells, " + std::to_string(study.anova.n) +
        " values, seeds as replicates; " +
        (study.anova.balanced ? "balanced: every combination equally often."
                              : "not balanced: type II sums of squares, each term beyond all that "
                                "do not contain it.");
    if (!study.with_interactions) {
        text +=
            " Interactions are part of the error: there are too few values for them, or too many "
            "of them.";
    }
    if (study.left_out > 0) {
        text += " " + std::to_string(study.left_out) +
                (study.left_out == 1 ? " other cell is" : " other cells are") +
                " no part of the grid.";
    }
    return text;
}

}  // namespace

std::optional<Section> importance_section(const Report& report) {
    if (varying_factors(report.summary).size() < 2) {
        return std::nullopt;
    }
    const std::string metric = main_metric(report);
    const ImportanceStudy study = study_importance(report.summary, metric);
    Section section{"importance", "Which settings matter", {}};
    if (!study.why_none.empty()) {
        section.blocks.emplace_back(
            Paragraph{"No analysis of variance of " + metric + ": " + study.why_none + "."});
        return section;
    }
    Table table = anova_table(study, metric);
    table.notes.insert(table.notes.begin(), basis_text(study));
    section.blocks.emplace_back(std::move(table));
    return section;
}

}  // namespace harrow::analysis
