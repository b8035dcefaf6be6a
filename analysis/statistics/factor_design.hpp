#pragma once

#include <cstddef>
#include <vector>

#include "analysis/statistics/anova.hpp"

namespace harrow::analysis {

/// Observations with equal levels, joined: fits of factors see them through their mean alone.
struct FactorDesign {
    std::vector<std::size_t> num_levels;           ///< by factor
    std::vector<std::vector<std::size_t>> levels;  ///< [cell][factor], from 0 by first appearance
    std::vector<double> weights;                   ///< by cell: sqrt(observations)
    std::vector<double> means;                     ///< by cell, less the mean of all values
    double within_squares = 0, total_squares = 0;  ///< around cell means, around the mean
    bool balanced = false;
};

FactorDesign make_design(const std::vector<double>& values,
                         const std::vector<AnovaFactor>& factors);

using Columns = std::vector<std::vector<double>>;  ///< [column][cell]

/// Weighted columns of the interaction of `factors` (none: the intercept): products of deviations
/// from each factor's last level, num_levels - 1 per factor.
Columns term_columns(const FactorDesign& design, const std::vector<std::size_t>& factors);

/// Orthonormal basis of what was added (Gram-Schmidt, orthogonalised twice).
class OrthonormalBasis {
public:
    /// Returns the new directions; columns that depend on earlier ones add none.
    std::size_t add(const Columns& columns);
    std::size_t size() const { return directions_.size(); }
    /// Sum of squared coordinates of `vector` along directions first … size() - 1.
    double explained(const std::vector<double>& vector, std::size_t first) const;

private:
    Columns directions_;
};

}  // namespace harrow::analysis
