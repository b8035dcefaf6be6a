#include <array>
#include <utility>

#include "analysis/sections/sections.hpp"

namespace harrow::analysis {
namespace {

Paragraph lead_paragraph(const Summary& summary) {
    std::size_t finished = 0, expected = 0;
    for (const CellSummary& cell : summary.cells) {
        finished += cell.finished.size();
        expected += cell.info.seeds.size();
    }
    return {std::to_string(finished) + " of " + std::to_string(expected) +
            " trials finished. Values: mean ± sample standard deviation (number of seeds) of the "
            "mean over classes after the last task, each image scored by the expert its router "
            "chose, or, without a router, by its own task's."};
}

}  // namespace

Document report_document(const Report& report) {
    Document document{report.name, {lead_paragraph(report.summary)}, {}};
    if (std::optional<Section> tables = tables_section(report)) {
        document.sections.push_back(std::move(*tables));
    }
    document.sections.push_back(cells_section(report));
    for (const auto make : {comparison_section,
                            class_differences_section,
                            ranking_section,
                            sequence_section,
                            classes_section,
                            one_factor_section,
                            ablation_section,
                            interaction_section,
                            order_section,
                            forgetting_section,
                            routing_section,
                            importance_section,
                            selection_section,
                            cost_section}) {
        if (std::optional<Section> section = make(report)) {
            document.sections.push_back(std::move(*section));
        }
    }
    if (std::optional<Section> gallery = gallery_section(report)) {
        document.sections.push_back(std::move(*gallery));
    }
    document.sections.push_back(failures_section(report));
    return document;
}

}  // namespace harrow::analysis
