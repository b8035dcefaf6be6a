#include "analysis/sections/metrics_table.hpp"
#include "analysis/sections/sections.hpp"

namespace harrow::analysis {
namespace {

bool is_shown_base(const Report& report, const std::string& metric) {
    const std::string objective = report.objective.metric;
    return metric == "image_auroc" || metric == "pixel_ap" ||
           metric == objective.substr(0, objective.find('.'));
}

}  // namespace

std::optional<Section> sequence_section(const Report& report) {
    Section section{"sequence", "Over the sequence", {}};
    for (const std::string& base : report.summary.metrics) {
        if (is_continual(base) || !is_shown_base(report, base)) {
            continue;
        }
        std::vector<std::string> metrics;
        for (const std::string& metric : report.summary.metrics) {
            if (metric.rfind(base + ".", 0) == 0) {
                metrics.push_back(metric);
            }
        }
        if (!metrics.empty()) {
            section.blocks.emplace_back(
                metrics_table(report, "sequence-" + id_text(base), metrics));
        }
    }
    return section.blocks.empty() ? std::nullopt : std::optional(section);
}

}  // namespace harrow::analysis
