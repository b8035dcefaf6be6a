#include "analysis/report_csv.hpp"

#include "storage/results.hpp"

namespace harrow::analysis {
namespace {

std::string number_or_empty(const std::optional<double>& value) {
    return value ? storage::shortest_text(*value) : std::string();
}

void add_long(const std::string& cell,
              const std::string& class_name,
              const MetricTable& table,
              const std::vector<std::string>& metrics,
              const std::string& end,
              std::string& text) {
    for (const std::string& metric : metrics) {
        const MetricSummary* summary = find_metric(table, metric);
        if (summary == nullptr) {
            continue;
        }
        for (const auto& [seed, value] : summary->values) {
            text += storage::csv_field(cell) + "," + std::to_string(seed) + "," +
                    storage::csv_field(metric) + "," + storage::shortest_text(value) + "," +
                    storage::csv_field(class_name) + end;
        }
    }
}

bool has_published_spread(const Summary& summary) {
    for (const CellSummary& cell : summary.cells) {
        for (const auto& [class_name, metrics] : cell.info.published) {
            for (const auto& [metric, value] : metrics) {
                if (value.std) {
                    return true;
                }
            }
        }
    }
    return false;
}

}  // namespace

std::string csv_long(const Report& report) {
    const bool has_spread = has_published_spread(report.summary);
    std::string text = "cell,seed,metric,value,class" + std::string(has_spread ? ",std\n" : "\n");
    const std::string end = has_spread ? ",\n" : "\n";
    for (const CellSummary& cell : report.summary.cells) {
        add_long(cell.info.name, "mean", cell.metrics, report.summary.metrics, end, text);
        for (const auto& [class_name, table] : cell.classes) {
            add_long(cell.info.name, class_name, table, report.summary.metrics, end, text);
        }
        for (const auto& [class_name, metrics] : cell.info.published) {
            for (const auto& [metric, value] : metrics) {
                text += storage::csv_field(cell.info.name) + ",," + storage::csv_field(metric) +
                        "," + storage::shortest_text(value.mean) + "," +
                        storage::csv_field(class_name) +
                        (has_spread ? "," + number_or_empty(value.std) : "") + "\n";
            }
        }
    }
    return text;
}

std::string csv_wide(const Report& report) {
    const std::vector<std::string>& metrics = report.summary.metrics;
    std::string text = "cell,seed";
    for (const std::string& metric : metrics) {
        text += "," + storage::csv_field(metric);
    }
    text += "\n";
    for (const CellSummary& cell : report.summary.cells) {
        for (const std::uint64_t seed : cell.finished) {
            std::string line = storage::csv_field(cell.info.name) + "," + std::to_string(seed);
            for (const std::string& metric : metrics) {
                const MetricSummary* summary = find_metric(cell.metrics, metric);
                const bool has_value = summary != nullptr && summary->values.count(seed) != 0;
                line += "," + (has_value ? storage::shortest_text(summary->values.at(seed)) : "");
            }
            text += line + "\n";
        }
    }
    return text;
}

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

std::string csv_classes(const Report& report) {
    std::string text = "cell,vs,metric,class,n,delta,relative,p,p_adjusted,verdict\n";
    const auto name_of = [&](std::size_t cell) {
        return storage::csv_field(report.summary.cells[cell].info.name);
    };
    for (const ClassComparisons& of : report.class_comparisons) {
        for (const ClassDifference& difference : of.differences) {
            const Comparison& pair = difference.pair;
            text += name_of(pair.cell) + "," + name_of(pair.versus) + "," +
                    storage::csv_field(of.metric) + "," +
                    storage::csv_field(difference.class_name) + "," + std::to_string(pair.n) + "," +
                    storage::shortest_text(pair.delta) + "," +
                    number_or_empty(difference.relative) + "," + number_or_empty(pair.p) + "," +
                    number_or_empty(pair.p_adjusted) + "," +
                    separation_text(difference.separation) + "\n";
        }
    }
    return text;
}

}  // namespace harrow::analysis
