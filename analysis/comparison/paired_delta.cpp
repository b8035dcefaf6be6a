#include "analysis/comparison/paired_delta.hpp"

#include <algorithm>
#include <vector>

#include "analysis/comparison/comparison.hpp"

namespace harrow::analysis {
namespace {

const MetricSummary* seeds_with_values(const CellSummary& cell, const std::string& metric) {
    const auto found = cell.metrics.find(metric);
    return found == cell.metrics.end() || found->second.values.empty() ? nullptr : &found->second;
}

std::string lower(std::string text) {
    for (char& c : text) {
        c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    return text;
}

bool is_called(const CellInfo& info, const std::string& word) {
    const auto matches = [&](const std::string& text) { return lower(text) == word; };
    return matches(info.name) || matches(info.label) ||
           std::any_of(info.names.begin(), info.names.end(), matches) ||
           std::any_of(info.tags.begin(), info.tags.end(), matches);
}

}  // namespace

const Published* published_value(const CellSummary& cell, const std::string& metric) {
    const auto table = cell.info.published.find("mean");
    if (table == cell.info.published.end()) {
        return nullptr;
    }
    const auto found = table->second.find(metric);
    return found == table->second.end() ? nullptr : &found->second;
}

std::optional<PairedDelta> paired_delta(const CellSummary& cell,
                                        const CellSummary& versus,
                                        const std::string& metric) {
    const MetricSummary* a = seeds_with_values(cell, metric);
    const MetricSummary* b = seeds_with_values(versus, metric);
    PairedDelta delta;
    if (a != nullptr && b != nullptr) {
        double sum = 0;
        for (const auto& [seed, value] : a->values) {
            const auto other = b->values.find(seed);
            if (other != b->values.end()) {
                sum += value - other->second;
                ++delta.common;
            }
        }
        delta.same_seeds = delta.common == a->values.size() && delta.common == b->values.size();
        if (delta.common > 0) {
            delta.value = sum / static_cast<double>(delta.common);
            return delta;
        }
    }
    const std::optional<double> x = known_mean(cell, metric), y = known_mean(versus, metric);
    if (!x || !y) {
        return std::nullopt;
    }
    delta.value = *x - *y;
    return delta;
}

std::optional<std::size_t> baseline_cell(const Summary& summary, const std::string& asked) {
    const auto find = [&](const auto& matches) -> std::optional<std::size_t> {
        const auto at = std::find_if(summary.cells.begin(),
                                     summary.cells.end(),
                                     [&](const CellSummary& cell) { return matches(cell.info); });
        return at == summary.cells.end()
                   ? std::nullopt
                   : std::optional(static_cast<std::size_t>(at - summary.cells.begin()));
    };
    if (!asked.empty()) {
        auto found = find([&](const CellInfo& info) { return info.name == asked; });
        if (!found) {
            found = find([&](const CellInfo& info) {
                return info.id == asked ||
                       std::count(info.names.begin(), info.names.end(), asked) > 0;
            });
        }
        return found ? found : find([&](const CellInfo& info) {
            return asked.size() >= 4 && info.id.rfind(asked, 0) == 0;
        });
    }
    for (const char* word : {"baseline", "main", "full", "full model"}) {
        if (const auto found = find([&](const CellInfo& info) { return is_called(info, word); })) {
            return found;
        }
    }
    return std::nullopt;
}

}  // namespace harrow::analysis
