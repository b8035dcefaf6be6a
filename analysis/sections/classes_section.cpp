#include "analysis/sections/sections.hpp"

namespace harrow::analysis {
namespace {

Table classes_table(const Report& report, const std::string& metric) {
    const MetricFormat format = metric_format(report, metric);
    Table table;
    table.id = "classes-" + id_text(metric);
    table.columns.push_back({metric_heading(report, metric), "", true});
    for (const std::string& class_name : report.summary.classes) {
        table.columns.push_back({class_name});
    }
    for (const CellSummary& cell : report.summary.cells) {
        TableRow row;
        row.cells.push_back({cell.info.name});
        for (const std::string& class_name : report.summary.classes) {
            const auto found = cell.classes.find(class_name);
            row.cells.push_back(metric_cell(
                found == cell.classes.end() ? nullptr : find_metric(found->second, metric),
                format));
        }
        table.rows.push_back(std::move(row));
    }
    return table;
}

}  // namespace

std::optional<Section> classes_section(const Report& report) {
    Section section{"classes", "Classes", {}};
    for (const std::string& metric : report.summary.metrics) {
        if ((metric == "image_auroc" || metric == "pixel_ap") && !report.summary.classes.empty()) {
            section.blocks.emplace_back(classes_table(report, metric));
        }
    }
    return section.blocks.empty() ? std::nullopt : std::optional(section);
}

}  // namespace harrow::analysis
