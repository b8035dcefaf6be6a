#include <algorithm>
#include <iostream>
#include <new>

#include <nlohmann/json.hpp>

#include "analysis/report.hpp"
#include "cli/map_metrics.hpp"
#include "cli/terminal_text.hpp"
#include "cli/verbs.hpp"
#include "storage/results.hpp"

namespace harrow::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kDecimals = 6;

void print_json(const std::vector<MapMetric>& metrics) {
    Json object = Json::object();
    for (const MapMetric& metric : metrics) {
        object[metric.name] = metric.value ? Json(*metric.value) : Json();
    }
    std::cout << object.dump(2) << "\n";
}

/// `what` stands behind the value: for the table of implementations their rules.
void print_table(const std::vector<MapMetric>& metrics, const std::vector<std::string>& what) {
    std::size_t width = 0;
    for (const MapMetric& metric : metrics) {
        width = std::max(width, metric.name.size());
    }
    for (std::size_t i = 0; i < metrics.size(); ++i) {
        const MapMetric& metric = metrics[i];
        std::cout << metric.name << std::string(width + 2 - metric.name.size(), ' ')
                  << (metric.value ? analysis::fixed_text(*metric.value, kDecimals) : "–       ")
                  << (what[i].empty() ? "" : "  " + what[i]) << "\n";
    }
}

std::vector<MapMetric> named(const std::vector<analysis::NamedAupro>& values) {
    std::vector<MapMetric> metrics;
    for (const analysis::NamedAupro& value : values) {
        metrics.push_back({"aupro_" + value.name, value.value, value.note});
    }
    return metrics;
}

void print_text(const storage::ScoreMapFile& file,
                const MapMetrics& metrics,
                const std::vector<MapMetric>& others,
                const MetricsOptions& options) {
    const std::string limit = storage::shortest_text(options.limit);
    std::cout << printable(options.file) << ": " << file.images() << " images of " << file.height()
              << " x " << file.width() << " pixels, " << metrics.defective_images << " defective, "
              << metrics.regions << " defect regions, " << metrics.defect_pixels
              << " defect pixels\n\n";
    std::vector<std::string> what(metrics.metrics.size());
    what.back() = "false positive rate up to " + limit;
    print_table(metrics.metrics, what);
    if (others.empty()) {
        return;
    }
    std::cout << "\nOther implementations of AU-PRO, false positive rate up to " << limit << "\n\n";
    std::vector<std::string> rules;
    for (const analysis::AuproRule& rule : analysis::aupro_rules()) {
        rules.push_back(std::string(rule.rule) + " (" + rule.source + ")");
    }
    print_table(others, rules);
}

}  // namespace

sweeps::ExitCode run_verb(const MetricsOptions& options) {
    if (!(options.limit > 0 && options.limit <= 1)) {
        throw sweeps::UsageError("--limit: a false positive rate above 0 and up to 1 is expected");
    }
    try {
        const storage::ScoreMapFile file(options.file);
        const MapMetrics metrics = map_metrics(file, options.limit);
        const std::vector<MapMetric> others = options.implementations
                                                  ? named(other_aupros(file, options.limit))
                                                  : std::vector<MapMetric>();
        std::vector<MapMetric> all = metrics.metrics;
        all.insert(all.end(), others.begin(), others.end());
        for (const std::string& note : metrics.notes) {
            std::cerr << "note: " << note << "\n";
        }
        for (const MapMetric& metric : all) {
            if (!metric.value) {
                std::cerr << metric.name << " is not defined: " << metric.note << "\n";
            }
        }
        if (options.json) {
            print_json(all);
        } else {
            print_text(file, metrics, others, options);
        }
    } catch (const std::bad_alloc&) {
        throw sweeps::Error(sweeps::ExitCode::Infrastructure,
                            options.file +
                                ": its maps do not fit into memory; about 10 bytes per "
                                "pixel are needed (14 with --implementations)");
    }
    return sweeps::ExitCode::Ok;
}

}  // namespace harrow::cli
