#include <algorithm>

#include "analysis/figures/figures.hpp"

namespace harrow::analysis {
namespace {

/// At the end of the first of the sections there is; else of a section of their own.
void add_to(Document& document, const std::vector<std::string>& ids, Figure figure) {
    for (const std::string& id : ids) {
        const auto section = std::find_if(
            document.sections.begin(), document.sections.end(), [&](const Section& candidate) {
                return candidate.id == id;
            });
        if (section != document.sections.end()) {
            section->blocks.emplace_back(std::move(figure));
            return;
        }
    }
    if (document.sections.empty() || document.sections.back().id != "figures") {
        document.sections.push_back({"figures", "Figures", {}});
    }
    document.sections.back().blocks.emplace_back(std::move(figure));
}

}  // namespace

void add_figures(const Report& report, Document& document) {
    if (std::optional<Figure> figure = means_figure(report)) {
        add_to(document, {"results"}, std::move(*figure));
    }
    if (std::optional<Figure> figure = pareto_figure(report)) {
        add_to(document, {"selection", "results"}, std::move(*figure));
    }
    if (std::optional<Figure> figure = critical_difference_figure(report)) {
        add_to(document, {"comparisons", "results"}, std::move(*figure));
    }
    for (Figure& figure : learning_curve_figures(report)) {
        add_to(document, {"sequence"}, std::move(figure));
    }
    for (Figure& figure : matrix_figures(report)) {
        add_to(document, {"forgetting", "sequence"}, std::move(figure));
    }
    if (std::optional<Figure> figure = interaction_figure(report)) {
        add_to(document, {"importance", "one-factor", "results"}, std::move(*figure));
    }
}

}  // namespace harrow::analysis
