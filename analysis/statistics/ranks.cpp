#include "analysis/statistics/ranks.hpp"

#include <algorithm>
#include <numeric>

namespace harrow::analysis {

Midranks midranks(const std::vector<double>& values, double tolerance) {
    std::vector<std::size_t> order(values.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return values[a] < values[b];
    });
    Midranks result;
    result.ranks.resize(values.size());
    std::size_t end = 0;
    for (std::size_t begin = 0; begin < order.size(); begin = end) {
        end = begin + 1;
        while (end < order.size() && values[order[end]] - values[order[begin]] <= tolerance) {
            ++end;
        }
        for (std::size_t i = begin; i < end; ++i) {
            result.ranks[order[i]] = static_cast<double>(begin + 1 + end) / 2;
        }
        if (end - begin > 1) {
            result.ties.push_back(end - begin);
        }
    }
    return result;
}

}  // namespace harrow::analysis
