#include "analysis/statistics/multiplicity.hpp"

#include <algorithm>
#include <cstddef>
#include <stdexcept>

namespace harrow::analysis {
namespace {

// Indices of the p that are there, smallest p first.
std::vector<std::size_t> order_of(const std::vector<std::optional<double>>& p) {
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < p.size(); ++i) {
        if (p[i] && !(*p[i] >= 0 && *p[i] <= 1)) {
            throw std::invalid_argument("adjust_p_values: p must lie in [0, 1]");
        }
        if (p[i]) {
            order.push_back(i);
        }
    }
    std::stable_sort(
        order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return *p[a] < *p[b]; });
    return order;
}

}  // namespace

std::vector<std::optional<double>> adjust_p_values(const std::vector<std::optional<double>>& p,
                                                   Adjustment adjustment) {
    std::vector<std::optional<double>> adjusted = p;
    const std::vector<std::size_t> order = order_of(p);
    const auto m = static_cast<double>(order.size());
    if (adjustment == Adjustment::Bonferroni) {
        for (const std::size_t i : order) {
            adjusted[i] = std::min(1.0, m * *p[i]);
        }
    } else if (adjustment == Adjustment::Holm) {
        double largest = 0;
        for (std::size_t rank = 0; rank < order.size(); ++rank) {
            largest = std::max(largest, (m - static_cast<double>(rank)) * *p[order[rank]]);
            adjusted[order[rank]] = std::min(1.0, largest);
        }
    } else if (adjustment == Adjustment::Bh) {
        double smallest = 1;
        for (std::size_t rank = order.size(); rank-- > 0;) {
            smallest = std::min(smallest, m / static_cast<double>(rank + 1) * *p[order[rank]]);
            adjusted[order[rank]] = smallest;
        }
    }
    return adjusted;
}

}  // namespace harrow::analysis
