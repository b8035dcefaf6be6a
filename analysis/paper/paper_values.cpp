#include "analysis/paper/paper_values.hpp"

#include "analysis/report.hpp"

namespace harrow::analysis {
namespace {

constexpr const char* kMean = "mean";

void add_published(const CellInfo& cell,
                   const sweeps::TableGroupSpec& group,
                   const sweeps::TableColumnSpec& column,
                   double factor,
                   PaperValue& value) {
    const auto of_class = cell.published.find(group.class_name.empty() ? kMean : group.class_name);
    if (of_class == cell.published.end()) {
        return;
    }
    const auto found = of_class->second.find(column.metric);
    if (found != of_class->second.end()) {
        value.mean = found->second.mean * factor;
        if (found->second.std) {
            value.std = *found->second.std * factor;
        }
    }
}

}  // namespace

PaperValues::PaperValues(const Summary& summary, bool percent)
    : summary_(summary), percent_(percent), units_(summary) {}

double PaperValues::factor_of(const CellInfo& cell, const std::string& metric) const {
    if (!is_share(metric)) {
        return 1;
    }
    const bool is_percent = !units_.is_fraction(cell.run, metric);
    return is_percent == percent_ ? 1 : percent_ ? 100 : 0.01;
}

PaperValue PaperValues::find(const PaperRow& row,
                             const std::optional<std::size_t>& cell,
                             const sweeps::TableGroupSpec& group,
                             const sweeps::TableColumnSpec& column) const {
    PaperValue value;
    if (cell) {
        const CellSummary& summary = summary_.cells[*cell];
        const double factor = factor_of(summary.info, column.metric);
        value.cell = &summary.info;
        const auto of_class = summary.classes.find(group.class_name);
        const MetricSummary* found =
            group.class_name.empty()            ? find_metric(summary.metrics, column.metric)
            : of_class == summary.classes.end() ? nullptr
                                                : find_metric(of_class->second, column.metric);
        if (found != nullptr && found->statistics.mean) {
            value.summary = found;
            value.factor = factor;
            value.mean = *found->statistics.mean * factor;
            if (found->statistics.std) {
                value.std = *found->statistics.std * factor;
            }
        } else {
            add_published(summary.info, group, column, factor, value);
        }
    } else if (group.class_name.empty()) {
        const auto by_metric = row.spec->values.find(group.dataset);
        if (by_metric != row.spec->values.end()) {
            const auto found = by_metric->second.find(column.metric);
            if (found != by_metric->second.end()) {
                value.mean = found->second.mean;
                value.std = found->second.std;
            }
        }
    }
    if (value.mean) {
        value.text = fixed_text(*value.mean, column.digits);
    }
    return value;
}

}  // namespace harrow::analysis
