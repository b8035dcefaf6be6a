#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sweeps/expression.hpp"

namespace harrow::analysis {

/// Expressions over metrics, `image_auroc >= 0.98 and pixel_ap > 0.5`, all of which must hold.
class Constraints {
public:
    using ValueOf = std::function<std::optional<double>(const std::string& metric)>;

    /// Metrics are Harrow's or `measured`. Throws sweeps::UsageError on an expression that cannot
    /// be read, or an unknown metric in it.
    Constraints(const std::vector<std::string>& texts, const std::vector<std::string>& measured);

    /// False also where a metric of an expression has no value.
    bool hold(const ValueOf& value_of) const;
    /// Every metric they look at.
    std::vector<std::string> metrics() const;

private:
    struct Constraint {
        sweeps::Expression expression;
        std::vector<double> bounds;  ///< of its comparisons
    };
    std::vector<Constraint> constraints_;
};

}  // namespace harrow::analysis
