#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "analysis/statistics/sample.hpp"
#include "analysis/summary.hpp"

namespace harrow::analysis {

/// Cells that are equal but for the order and the grouping of their tasks.
struct OrderFamily {
    std::vector<std::size_t> cells;  ///< by scenario, then order, then seed of the order
};

/// With at least two orders or scenarios.
std::vector<OrderFamily> find_order_families(const Summary& summary);

/// A cell's setting; empty when it means nothing to the cell or is not known.
std::string sequence_setting(const CellInfo& cell, const std::string& parameter);

/// The spread of a metric over the orders of one scenario.
struct OrderSpread {
    std::string scenario;
    SampleStatistics over_orders;  ///< of the cells' means over seeds
    double lowest = 0, highest = 0;
    /// Otherwise the means are over the seeds that all orders have; where there are none, over each
    /// order's own.
    bool same_seeds = true;
};

/// One per scenario with at least two orders that have the metric, in the order of the cells.
std::vector<OrderSpread> order_spreads(const Summary& summary,
                                       const OrderFamily& family,
                                       const std::string& metric);

}  // namespace harrow::analysis
