#include "analysis/selection/constraints.hpp"

#include <algorithm>
#include <charconv>

#include "sweeps/error.hpp"
#include "sweeps/metric_names.hpp"
#include "sweeps/parameters.hpp"

namespace harrow::analysis {

Constraints::Constraints(const std::vector<std::string>& texts,
                         const std::vector<std::string>& measured) {
    for (const std::string& text : texts) {
        std::string error;
        const auto expression = sweeps::Expression::parse(text, error);
        if (!expression) {
            throw sweeps::UsageError("constraint '" + text + "': " + error +
                                     "; write it like image_auroc >= 0.98");
        }
        Constraint constraint{*expression, {}};
        for (const sweeps::Comparison& comparison : expression->comparisons()) {
            if (!sweeps::is_metric(comparison.name) &&
                std::find(measured.begin(), measured.end(), comparison.name) == measured.end()) {
                throw sweeps::UsageError(
                    "constraint '" + text + "': unknown metric '" + comparison.name + "'" +
                    sweeps::suggestion(comparison.name,
                                       measured.empty() ? sweeps::metric_names() : measured));
            }
            const std::string& literal = comparison.literal;
            double bound = 0;
            const auto [end, code] =
                std::from_chars(literal.data(), literal.data() + literal.size(), bound);
            if (code != std::errc() || end != literal.data() + literal.size()) {
                throw sweeps::UsageError("constraint '" + text + "': '" + literal +
                                         "' is no number");
            }
            constraint.bounds.push_back(bound);
        }
        constraints_.push_back(std::move(constraint));
    }
}

bool Constraints::hold(const ValueOf& value_of) const {
    return std::all_of(constraints_.begin(), constraints_.end(), [&](const Constraint& one) {
        const auto& comparisons = one.expression.comparisons();
        std::vector<double> values;
        for (const sweeps::Comparison& comparison : comparisons) {
            const std::optional<double> value = value_of(comparison.name);
            if (!value) {
                return false;
            }
            values.push_back(*value);
        }
        return one.expression.evaluate([&](std::size_t i) {
            return sweeps::holds(values[i], comparisons[i].op, one.bounds[i]);
        });
    });
}

std::vector<std::string> Constraints::metrics() const {
    std::vector<std::string> names;
    for (const Constraint& constraint : constraints_) {
        for (const sweeps::Comparison& comparison : constraint.expression.comparisons()) {
            names.push_back(comparison.name);
        }
    }
    return names;
}

}  // namespace harrow::analysis
