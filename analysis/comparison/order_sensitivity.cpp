#include "analysis/comparison/order_sensitivity.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>
#include <optional>
#include <utility>

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

/// Means over the seeds that all have; where there are none, each cell's own mean.
std::vector<double> order_means(const Summary& summary,
                                const std::vector<std::size_t>& cells,
                                const std::string& metric,
                                bool& same_seeds) {
    std::vector<std::uint64_t> common = seeds_of(summary.cells[cells.front()], metric);
    same_seeds = true;
    for (const std::size_t cell : cells) {
        const std::vector<std::uint64_t> seeds = seeds_of(summary.cells[cell], metric);
        std::vector<std::uint64_t> both;
        std::set_intersection(
            common.begin(), common.end(), seeds.begin(), seeds.end(), std::back_inserter(both));
        same_seeds = same_seeds && both == seeds && both == common;
        common = std::move(both);
    }
    std::vector<double> means;
    for (const std::size_t cell : cells) {
        double sum = 0;
        for (const std::uint64_t seed : common) {
            sum += summary.cells[cell].metrics.at(metric).values.at(seed);
        }
        means.push_back(common.empty() ? *known_mean(summary.cells[cell], metric)
                                       : sum / static_cast<double>(common.size()));
    }
    return means;
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
    std::vector<std::pair<std::string, std::vector<std::size_t>>> scenarios;
    for (const std::size_t cell : family.cells) {
        if (!known_mean(summary.cells[cell], metric)) {
            continue;
        }
        const std::string scenario =
            sequence_setting(summary.cells[cell].info, "sequence.scenario");
        if (scenarios.empty() || scenarios.back().first != scenario) {
            scenarios.push_back({scenario, {}});
        }
        scenarios.back().second.push_back(cell);
    }
    std::vector<OrderSpread> spreads;
    for (const auto& [scenario, cells] : scenarios) {
        if (cells.size() > 1) {
            OrderSpread spread{scenario, {}};
            const std::vector<double> means =
                order_means(summary, cells, metric, spread.same_seeds);
            spread.over_orders = sample_statistics(means);
            spread.lowest = *std::min_element(means.begin(), means.end());
            spread.highest = *std::max_element(means.begin(), means.end());
            spreads.push_back(std::move(spread));
        }
    }
    return spreads;
}

}  // namespace harrow::analysis
