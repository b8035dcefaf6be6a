#include "analysis/selection.hpp"

#include <algorithm>
#include <charconv>

#include "sweeps/error.hpp"
#include "sweeps/expression.hpp"
#include "sweeps/metric_names.hpp"

namespace harrow::analysis {
namespace {

const MetricSummary* metric_of(const CellSummary& cell, const std::string& metric) {
    const auto found = cell.metrics.find(metric);
    return found != cell.metrics.end() && found->second.statistics.mean ? &found->second : nullptr;
}

struct Constraint {
    sweeps::Expression expression;
    std::vector<double> bounds;  // of its comparisons
};

Constraint parse_constraint(const std::string& text, const std::vector<std::string>& measured) {
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
            throw sweeps::UsageError("constraint '" + text + "': unknown metric '" +
                                     comparison.name + "'");
        }
        const std::string& literal = comparison.literal;
        double bound = 0;
        const auto [end, code] =
            std::from_chars(literal.data(), literal.data() + literal.size(), bound);
        if (code != std::errc() || end != literal.data() + literal.size()) {
            throw sweeps::UsageError("constraint '" + text + "': '" + literal + "' is no number");
        }
        constraint.bounds.push_back(bound);
    }
    return constraint;
}

bool keeps(const CellSummary& cell, const Constraint& constraint) {
    const auto& comparisons = constraint.expression.comparisons();
    const bool has_values =
        std::all_of(comparisons.begin(), comparisons.end(), [&](const auto& comparison) {
            return metric_of(cell, comparison.name) != nullptr;
        });
    return has_values && constraint.expression.evaluate([&](std::size_t i) {
        return sweeps::holds(*metric_of(cell, comparisons[i].name)->statistics.mean,
                             comparisons[i].op,
                             constraint.bounds[i]);
    });
}

}  // namespace

Selection select_best(const Summary& summary, const sweeps::Objective& objective) {
    std::vector<Constraint> constraints;
    for (const std::string& text : objective.subject_to) {
        constraints.push_back(parse_constraint(text, summary.metrics));
    }
    Selection selection;
    double best = 0;
    for (std::size_t i = 0; i < summary.cells.size(); ++i) {
        const CellSummary& cell = summary.cells[i];
        const MetricSummary* metric = metric_of(cell, objective.metric);
        if (metric == nullptr) {
            continue;
        }
        ++selection.compared;
        if (!std::all_of(constraints.begin(), constraints.end(), [&](const Constraint& c) {
                return keeps(cell, c);
            })) {
            ++selection.refused;
            continue;
        }
        const double mean = *metric->statistics.mean;
        const bool is_better = objective.goal == sweeps::Goal::Maximize ? mean > best : mean < best;
        if (!selection.cell || is_better) {
            selection.cell = i;
            best = mean;
        }
    }
    if (selection.compared == 0) {
        selection.why_none = "no cell has a value of " + objective.metric;
    } else if (!selection.cell) {
        selection.why_none = "all " + std::to_string(selection.compared) +
                             " cells with a value of " + objective.metric + " break a constraint";
    }
    return selection;
}

}  // namespace harrow::analysis
