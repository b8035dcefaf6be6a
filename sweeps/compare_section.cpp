#include "sweeps/compare_section.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <system_error>

#include "sweeps/comparison_names.hpp"
#include "sweeps/expression.hpp"
#include "sweeps/metric_names.hpp"
#include "sweeps/parameters.hpp"
#include "sweeps/setting.hpp"

namespace harrow::sweeps {
namespace {

using Names = std::vector<std::string>;
using Problems = std::vector<Problem>;

std::string listed(const Names& names) {
    std::string text;
    for (const std::string& name : names) {
        text += (text.empty() ? "" : ", ") + name;
    }
    return text;
}

std::string did_you_mean(const std::string& name, const Names& candidates) {
    const std::string nearest = nearest_name(name, candidates);
    return nearest.empty() ? "" : "; did you mean " + nearest + "?";
}

bool expect_map(const YamlNode& node, const std::string& key, Problems& problems) {
    if (!node.is_map()) {
        problems.push_back(problem_at(
            node.place, key, std::string("expected a mapping, not ") + node.kind_text()));
    }
    return node.is_map();
}

void report_unknown(const YamlNode::Entry& entry,
                    const std::string& section,
                    const Names& known,
                    Problems& problems) {
    problems.push_back(problem_at(
        entry.place,
        section + "." + entry.key,
        "unknown key; expected one of " + listed(known) + did_you_mean(entry.key, known)));
}

/// One of `allowed`, or a problem and nothing.
std::string read_choice(const YamlNode& node,
                        const std::string& key,
                        const Names& allowed,
                        Problems& problems) {
    std::optional<std::string> text = node.text;
    if (node.is_scalar() && !(text = read_text(node, key, problems))) {
        return {};
    }
    if (node.is_scalar() && std::find(allowed.begin(), allowed.end(), *text) != allowed.end()) {
        return *text;
    }
    const std::string found = node.is_scalar() ? "'" + text->substr(0, 60) + "'" : node.kind_text();
    problems.push_back(problem_at(node.place,
                                  key,
                                  found + " is not allowed; expected one of " + listed(allowed) +
                                      (node.is_scalar() ? did_you_mean(*text, allowed) : "")));
    return {};
}

bool is_number(const std::string& text) {
    double value = 0;
    const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
    return result.ec == std::errc{} && result.ptr == text.data() + text.size() &&
           std::isfinite(value);
}

Names read_constraints(const YamlNode& node, Problems& problems) {
    constexpr const char* kKey = "objective.subject_to";
    Names constraints = read_texts(node, kKey, problems);
    for (const std::string& text : constraints) {
        const std::string shown = "'" + text.substr(0, 80) + "': ";
        std::string error;
        const std::optional<Expression> expression = Expression::parse(text, error);
        if (!expression) {
            problems.push_back(problem_at(node.place, kKey, shown + error));
            continue;
        }
        for (const Comparison& comparison : expression->comparisons()) {
            if (!is_metric(comparison.name)) {
                problems.push_back(problem_at(node.place,
                                              kKey,
                                              shown + "unknown metric '" + comparison.name + "'" +
                                                  did_you_mean(comparison.name, metric_names())));
            }
            if (!is_number(comparison.literal)) {
                problems.push_back(problem_at(
                    node.place, kKey, shown + "'" + comparison.literal + "' is no number"));
            }
        }
    }
    return constraints;
}

Names read_same(const YamlNode& node, Problems& problems) {
    Names same;
    for (const std::string& name : read_texts(node, "compare.same", problems)) {
        if (const Parameter* parameter = require_parameter(name, node.place, problems)) {
            same.push_back(parameter->name);
        }
    }
    return same;
}

}  // namespace

Objective read_objective(const YamlNode& node, Problems& problems) {
    Objective objective;
    if (!expect_map(node, "objective", problems)) {
        return objective;
    }
    bool has_goal = false;
    for (const YamlNode::Entry& entry : node.entries) {
        if (entry.key == "metric") {
            objective.metric =
                read_choice(entry.value, "objective.metric", metric_names(), problems);
        } else if (entry.key == "goal") {
            has_goal = true;
            const std::string goal =
                read_choice(entry.value, "objective.goal", {"maximize", "minimize"}, problems);
            objective.goal = goal == "minimize" ? Goal::Minimize : Goal::Maximize;
        } else if (entry.key == "subject_to") {
            objective.subject_to = read_constraints(entry.value, problems);
        } else {
            report_unknown(entry, "objective", {"metric", "goal", "subject_to"}, problems);
        }
    }
    if (!has_goal && !is_higher_better(objective.metric)) {
        objective.goal = Goal::Minimize;
    }
    return objective;
}

Compare read_compare(const YamlNode& node, Problems& problems) {
    Compare compare;
    if (!expect_map(node, "compare", problems)) {
        return compare;
    }
    bool has_baseline = false;
    for (const YamlNode::Entry& entry : node.entries) {
        if (entry.key == "baseline") {
            has_baseline = true;
            const std::size_t problems_before = problems.size();
            if (entry.value.is_scalar()) {
                compare.baseline =
                    read_text(entry.value, "compare.baseline", problems).value_or("");
            }
            if (compare.baseline.empty() && problems.size() == problems_before) {
                problems.push_back(
                    problem_at(entry.value.place, "compare.baseline", "expected a cell's name"));
            }
        } else if (entry.key == "same") {
            compare.same = read_same(entry.value, problems);
        } else if (entry.key == "test") {
            compare.test = read_choice(entry.value, "compare.test", comparison_tests(), problems);
        } else if (entry.key == "adjust") {
            compare.adjust =
                read_choice(entry.value, "compare.adjust", comparison_adjustments(), problems);
        } else {
            report_unknown(entry, "compare", {"baseline", "same", "test", "adjust"}, problems);
        }
    }
    if (!has_baseline) {
        problems.push_back(
            problem_at(node.place, "compare.baseline", "missing; give a cell's name"));
    }
    return compare;
}

}  // namespace harrow::sweeps
