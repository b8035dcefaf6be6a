#include "analysis/comparison/order_sensitivity.hpp"

#include <algorithm>
#include <array>
#include <tuple>

#include "analysis/comparison/comparison.hpp"
#include "analysis/comparison/one_factor.hpp"

namespace harrow::analysis {
namespace {

constexpr std::array<const char*, 3> kParameters = {
    "sequence.scenario", "sequence.order", "sequence.order_seed"};

bool comes_before(const CellInfo& a, const CellInfo& b) {
    for (const char* parameter : kParameters) {
        const std::string x = sequence_setting(a, parameter), y = sequence_setting(b, parameter);
        if (x != y) {
            return value_before(x, y);
        }
    }
    return false;
}

}  // namespace

std::string sequence_setting(const CellInfo& cell, const std::string& parameter) {
    const auto found = cell.settings.find(parameter);
    return found == cell.settings.end() ? "" : found->second;
}

std::vector<OrderFamily> find_order_families(const Summary& summary) {
    std::vector<OrderFamily> families;
    for (std::vector<std::size_t>& cells :
         cells_equal_but(summary, {kParameters.begin(), kParameters.end()})) {
        std::stable_sort(cells.begin(), cells.end(), [&](std::size_t a, std::size_t b) {
            return comes_before(summary.cells[a].info, summary.cells[b].info);
        });
        if (comes_before(summary.cells[cells.front()].info, summary.cells[cells.back()].info)) {
            families.push_back({std::move(cells)});
        }
    }
    return families;
}

std::vector<OrderSpread> order_spreads(const Summary& summary,
                                       const OrderFamily& family,
                                       const std::string& metric) {
    std::vector<std::pair<std::string, std::vector<double>>> scenarios;
    for (const std::size_t cell : family.cells) {
        const CellSummary& known = summary.cells[cell];
        const std::optional<double> mean = known_mean(known, metric);
        if (!mean) {
            continue;
        }
        const std::string scenario = sequence_setting(known.info, "sequence.scenario");
        if (scenarios.empty() || scenarios.back().first != scenario) {
            scenarios.push_back({scenario, {}});
        }
        scenarios.back().second.push_back(*mean);
    }
    std::vector<OrderSpread> spreads;
    for (const auto& [scenario, means] : scenarios) {
        if (means.size() > 1) {
            spreads.push_back({scenario,
                               sample_statistics(means),
                               *std::min_element(means.begin(), means.end()),
                               *std::max_element(means.begin(), means.end())});
        }
    }
    return spreads;
}

}  // namespace harrow::analysis
