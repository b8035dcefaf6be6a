#include "analysis/report_csv.hpp"

#include "storage/results.hpp"

namespace harrow::analysis {
namespace {

std::string number_or_empty(const std::optional<double>& value) {
    return value ? storage::shortest_text(*value) : std::string();
}

}  // namespace

std::string csv_report(const Report& report) {
    std::string text = "cell,cell_name,metric,n,missing,mean,std,ci95_low,ci95_high\n";
    for (const CellSummary& cell : report.summary.cells) {
        for (const std::string& metric : report.summary.metrics) {
            const MetricSummary* found = find_metric(cell.metrics, metric);
            const MetricSummary none{{}, {}, cell.info.seeds};
            const MetricSummary& summary = found != nullptr ? *found : none;
            const SampleStatistics& statistics = summary.statistics;
            std::optional<double> low, high;
            if (statistics.ci95) {
                low = statistics.ci95->low;
                high = statistics.ci95->high;
            }
            text += storage::csv_field(cell.info.id) + "," + storage::csv_field(cell.info.name) +
                    "," + storage::csv_field(metric) + "," + std::to_string(statistics.n) + "," +
                    std::to_string(summary.missing.size()) + "," +
                    number_or_empty(statistics.mean) + "," + number_or_empty(statistics.std) + "," +
                    number_or_empty(low) + "," + number_or_empty(high) + "\n";
        }
    }
    return text;
}

}  // namespace harrow::analysis
