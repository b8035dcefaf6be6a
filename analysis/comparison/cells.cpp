#include <algorithm>
#include <set>

#include "analysis/comparison/comparison.hpp"
#include "analysis/comparison/paired_delta.hpp"
#include "sweeps/error.hpp"
#include "sweeps/parameters.hpp"

namespace harrow::analysis {
namespace {

constexpr const char* kMean = "mean";

std::string listed(const Summary& summary, const std::vector<std::size_t>& cells) {
    std::string text;
    for (const std::size_t i : cells) {
        const CellInfo& info = summary.cells[i].info;
        text += (text.empty() ? "" : ", ") + info.id.substr(0, 12) + " (" + info.name +
                (info.run.empty() ? "" : " of " + info.run) + ")";
    }
    return text;
}

}  // namespace

std::size_t find_cell(const Summary& summary, const std::string& name) {
    constexpr std::size_t kMinDigits = 4;
    using Match = bool (*)(const CellInfo&, const std::string&);
    const std::vector<Match> ways = {
        [](const CellInfo& info, const std::string& text) { return info.name == text; },
        [](const CellInfo& info, const std::string& text) { return info.id == text; },
        [](const CellInfo& info, const std::string& text) {
            return std::find(info.names.begin(), info.names.end(), text) != info.names.end();
        },
        [](const CellInfo& info, const std::string& text) {
            return text.size() >= kMinDigits && info.id.rfind(text, 0) == 0;
        }};
    for (const Match matches : ways) {
        std::vector<std::size_t> found;
        for (std::size_t i = 0; i < summary.cells.size(); ++i) {
            if (matches(summary.cells[i].info, name)) {
                found.push_back(i);
            }
        }
        if (found.size() > 1) {
            throw sweeps::UsageError("'" + name + "' means several cells: " +
                                     listed(summary, found) + "; give one of these ids");
        }
        if (found.size() == 1) {
            return found.front();
        }
    }
    std::vector<std::string> known;
    for (const CellSummary& cell : summary.cells) {
        known.push_back(cell.info.name);
    }
    throw sweeps::UsageError("no cell is called '" + name + "'" + sweeps::suggestion(name, known));
}

std::vector<std::string> all_metrics(const Summary& summary) {
    std::set<std::string> names(summary.metrics.begin(), summary.metrics.end());
    for (const CellSummary& cell : summary.cells) {
        const auto table = cell.info.published.find(kMean);
        if (table != cell.info.published.end()) {
            for (const auto& [metric, value] : table->second) {
                names.insert(metric);
            }
        }
    }
    std::vector<std::string> metrics(names.begin(), names.end());
    std::sort(metrics.begin(), metrics.end(), metric_before);
    return metrics;
}

std::optional<double> known_mean(const CellSummary& cell, const std::string& metric) {
    const auto found = cell.metrics.find(metric);
    if (found != cell.metrics.end() && found->second.statistics.mean) {
        return found->second.statistics.mean;
    }
    const Published* value = published_value(cell, metric);
    return value == nullptr ? std::nullopt : std::optional(value->mean);
}

std::vector<std::uint64_t> seeds_of(const CellSummary& cell, const std::string& metric) {
    std::vector<std::uint64_t> seeds;
    const auto found = cell.metrics.find(metric);
    if (found != cell.metrics.end()) {
        for (const auto& [seed, value] : found->second.values) {
            seeds.push_back(seed);
        }
    }
    return seeds;
}

void add_seed_difference(std::vector<SettingDifference>& unfair,
                         const CellSummary& cell,
                         const CellSummary& versus,
                         const std::string& metric) {
    const std::vector<std::uint64_t> a = seeds_of(cell, metric), b = seeds_of(versus, metric);
    if (a != b) {
        unfair.push_back({"seeds", seeds_text(a), seeds_text(b)});
    }
}

void add_unit_difference(std::vector<SettingDifference>& unfair,
                         const CellSummary& cell,
                         const CellSummary& versus,
                         const std::string& metric,
                         const Units& units) {
    const std::string& run_a = cell.info.run;
    const std::string& run_b = versus.info.run;
    const std::string a = units.unit(run_a, metric), b = units.unit(run_b, metric);
    if (a != b) {
        unfair.push_back({"unit", a + " in " + run_a, b + " in " + run_b});
    }
}

}  // namespace harrow::analysis
