#include <algorithm>
#include <iterator>

#include "analysis/sections/metrics_table.hpp"
#include "analysis/sections/sections.hpp"

namespace harrow::analysis {

Section cells_section(const Report& report) {
    std::vector<std::string> metrics;
    const std::vector<std::string> all = all_metrics(report.summary);
    std::copy_if(
        all.begin(), all.end(), std::back_inserter(metrics), [](const std::string& metric) {
            return !is_continual(metric);
        });
    Section section{"results", "Results", {}};
    section.blocks.emplace_back(metrics_table(report, "cells", metrics));
    section.blocks.emplace_back(Paragraph{best_text(report)});
    return section;
}

}  // namespace harrow::analysis
