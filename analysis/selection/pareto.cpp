#include "analysis/selection/pareto.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "analysis/comparison/comparison.hpp"

namespace harrow::analysis {
namespace {

using Point = std::vector<double>;  // larger is better

std::optional<Point> point_of(const CellSummary& cell, const std::vector<ParetoGoal>& goals) {
    Point point;
    for (const ParetoGoal& goal : goals) {
        const std::optional<double> mean = known_mean(cell, goal.metric);
        if (!mean) {
            return std::nullopt;
        }
        point.push_back(goal.goal == sweeps::Goal::Maximize ? *mean : -*mean);
    }
    return point;
}

bool dominates(const Point& a, const Point& b) {
    return a != b && std::equal(a.begin(), a.end(), b.begin(), std::greater_equal<>());
}

}  // namespace

std::vector<std::size_t> pareto_front(const Summary& summary,
                                      const std::vector<ParetoGoal>& goals,
                                      const std::vector<std::size_t>& candidates) {
    std::vector<std::pair<Point, std::size_t>> points;
    for (const std::size_t i : candidates) {
        if (std::optional<Point> point = point_of(summary.cells[i], goals)) {
            points.emplace_back(std::move(*point), i);
        }
    }
    std::stable_sort(points.begin(), points.end(), [](const auto& a, const auto& b) {
        return a.first > b.first;
    });
    std::vector<std::size_t> front;
    for (const auto& [point, cell] : points) {
        const Point& one = point;
        if (std::none_of(points.begin(), points.end(), [&](const auto& other) {
                return dominates(other.first, one);
            })) {
            front.push_back(cell);
        }
    }
    return front;
}

}  // namespace harrow::analysis
