#include "analysis/statistics/factor_design.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <string>

#include "analysis/statistics/sample.hpp"

namespace harrow::analysis {
namespace {

double dot(const std::vector<double>& a, const std::vector<double>& b) {
    return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

// Levels as numbers from 0, in order of first appearance.
std::vector<std::size_t> number_levels(const std::vector<std::string>& levels,
                                       std::size_t& num_levels) {
    std::map<std::string, std::size_t> numbers;
    std::vector<std::size_t> result;
    result.reserve(levels.size());
    for (const std::string& level : levels) {
        result.push_back(numbers.emplace(level, numbers.size()).first->second);
    }
    num_levels = numbers.size();
    return result;
}

}  // namespace

FactorDesign make_design(const std::vector<double>& values,
                         const std::vector<AnovaFactor>& factors) {
    FactorDesign design;
    std::vector<std::vector<std::size_t>> numbered;
    numbered.reserve(factors.size());
    for (const AnovaFactor& factor : factors) {
        numbered.push_back(number_levels(factor.levels, design.num_levels.emplace_back()));
    }
    std::map<std::vector<std::size_t>, std::vector<double>> cells;
    for (std::size_t i = 0; i < values.size(); ++i) {
        std::vector<std::size_t> key;
        key.reserve(numbered.size());
        for (const auto& levels : numbered) {
            key.push_back(levels[i]);
        }
        cells[key].push_back(values[i]);
    }
    const double mean = *sample_statistics(values).mean;
    for (const double value : values) {
        design.total_squares += (value - mean) * (value - mean);
    }
    std::size_t combinations = 1, fewest = values.size(), most = 0;
    for (const std::size_t levels : design.num_levels) {
        combinations *= levels;
    }
    for (const auto& [key, members] : cells) {
        const double cell_mean = *sample_statistics(members).mean;
        design.levels.push_back(key);
        design.weights.push_back(std::sqrt(static_cast<double>(members.size())));
        design.means.push_back(cell_mean - mean);
        for (const double value : members) {
            design.within_squares += (value - cell_mean) * (value - cell_mean);
        }
        fewest = std::min(fewest, members.size());
        most = std::max(most, members.size());
    }
    design.balanced = cells.size() == combinations && fewest == most;
    return design;
}

Columns term_columns(const FactorDesign& design, const std::vector<std::size_t>& factors) {
    Columns columns{design.weights};
    for (const std::size_t factor : factors) {
        Columns products;
        const std::size_t last = design.num_levels[factor] - 1;
        for (std::size_t level = 0; level < last; ++level) {
            for (std::vector<double> column : columns) {
                for (std::size_t cell = 0; cell < column.size(); ++cell) {
                    const std::size_t here = design.levels[cell][factor];
                    column[cell] *= here == level ? 1 : here == last ? -1 : 0;
                }
                products.push_back(std::move(column));
            }
        }
        columns = std::move(products);
    }
    return columns;
}

std::size_t OrthonormalBasis::add(const Columns& columns) {
    constexpr double kDependent = 1e-9;  // of a column's own length
    const std::size_t before = directions_.size();
    for (std::vector<double> column : columns) {
        const double length = std::sqrt(dot(column, column));
        for (int pass = 0; pass < 2; ++pass) {
            for (const auto& direction : directions_) {
                const double along = dot(direction, column);
                for (std::size_t i = 0; i < column.size(); ++i) {
                    column[i] -= along * direction[i];
                }
            }
        }
        const double left = std::sqrt(dot(column, column));
        if (left > kDependent * length) {
            for (double& value : column) {
                value /= left;
            }
            directions_.push_back(std::move(column));
        }
    }
    return directions_.size() - before;
}

double OrthonormalBasis::explained(const std::vector<double>& vector, std::size_t first) const {
    double squares = 0;
    for (std::size_t i = first; i < directions_.size(); ++i) {
        const double along = dot(directions_[i], vector);
        squares += along * along;
    }
    return squares;
}

}  // namespace harrow::analysis
