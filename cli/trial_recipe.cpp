#include "cli/trial_recipe.hpp"

#include <algorithm>
#include <map>
#include <sstream>
#include <utility>
#include <variant>
#include <vector>

#include "sweeps/canonical.hpp"
#include "sweeps/error.hpp"
#include "sweeps/method_defaults.hpp"
#include "sweeps/parameters.hpp"

namespace harrow::cli {
namespace {

constexpr std::string_view kRevision = ".revision";

std::string yaml_quoted(const std::string& text) {
    std::string quoted = "'";
    for (const char c : text) {
        quoted += c == '\'' ? "''" : std::string(1, c);
    }
    return quoted + "'";
}

std::string yaml_list(const std::vector<std::string>& items) {
    std::string list;
    for (const std::string& item : items) {
        list += (list.empty() ? "" : ", ") + yaml_quoted(item);
    }
    return "[" + list + "]";
}

/// Items of a list one by one; all else, also what this build does not know, as one scalar.
std::string yaml_value(const std::string& name, const std::string& canonical) {
    using Items = std::vector<std::string>;
    const sweeps::Parameter* parameter = sweeps::find_parameter(name);
    sweeps::TrialConfig scratch;
    if (parameter == nullptr || parameter->type() != sweeps::Type::TextList ||
        sweeps::set_value(*parameter, scratch, canonical)) {
        return yaml_quoted(canonical);
    }
    const Items& items = std::get<sweeps::MemberAccess<Items>>(parameter->member).read(scratch);
    if (items.empty()) {
        return yaml_quoted(canonical);  // all classes
    }
    return yaml_list(items);
}

std::string objective_text(const sweeps::Objective& objective) {
    const bool is_highest = objective.goal == sweeps::Goal::Maximize;
    return "objective: {metric: " + yaml_quoted(objective.metric) +
           ", goal: " + (is_highest ? "maximize" : "minimize") +
           (objective.subject_to.empty() ? ""
                                         : ", subject_to: " + yaml_list(objective.subject_to)) +
           "}\n";
}

std::string compare_text(const sweeps::Compare& compare, const std::string& baseline) {
    return "compare: {baseline: " + yaml_quoted(baseline) +
           (compare.same.empty() ? "" : ", same: " + yaml_list(compare.same)) +
           ", test: " + compare.test + ", adjust: " + compare.adjust + "}\n";
}

bool is_called(const storage::CellRecord& cell, const std::string& name) {
    return name == cell.name ||
           std::find(cell.names.begin(), cell.names.end(), name) != cell.names.end();
}

bool ends_with(const std::string& text, std::string_view end) {
    return text.size() >= end.size() &&
           text.compare(text.size() - end.size(), end.size(), end) == 0;
}

/// What a canonical text leaves out although a sweep file of this method would start from another
/// value. Nothing for a text of another version of Harrow.
std::map<std::string, std::string> values_unlike_the_methods(const storage::CellRecord& cell) {
    std::map<std::string, std::string> values;
    try {
        const sweeps::TrialConfig config = sweeps::parse_canonical(cell.config);
        const sweeps::TrialConfig start =
            sweeps::method_defaults(config.method, config.model.version);
        for (const sweeps::Parameter& parameter : sweeps::parameters()) {
            std::string value = sweeps::value_text(parameter, config);
            if (!parameter.locator && sweeps::is_active(parameter, config) &&
                value != sweeps::value_text(parameter, start)) {
                values.emplace(parameter.name, std::move(value));
            }
        }
    } catch (const sweeps::UsageError&) {
        values.clear();
    }
    return values;
}

std::string cell_settings(const storage::CellRecord& cell) {
    std::map<std::string, std::string> values = values_unlike_the_methods(cell);
    std::istringstream lines(cell.config);
    for (std::string line; std::getline(lines, line);) {
        const std::size_t equals = line.find('=');
        const std::string name = line.substr(0, equals);
        if (equals != std::string::npos && !ends_with(name, kRevision)) {
            values[name] = line.substr(equals + 1);
        }
    }
    std::string text;
    for (const auto& [name, value] : values) {
        text += name + ": " + yaml_value(name, value) + "\n";
    }
    if (!cell.data_root.empty()) {
        text += "data.root: " + yaml_quoted(cell.data_root) + "\n";
    }
    if (!cell.weights.empty()) {
        text += "backbone.weights: " + yaml_quoted(cell.weights) + "\n";
    }
    return text;
}

}  // namespace

std::string trial_recipe(const storage::CellRecord& cell, std::uint64_t seed) {
    return "name: replay\nseeds: [" + std::to_string(seed) + "]\n" + cell_settings(cell);
}

std::string cell_recipe(const storage::CellRecord& cell,
                        const std::string& sweep_name,
                        const sweeps::Objective& objective,
                        const std::optional<sweeps::Compare>& compare,
                        const std::vector<std::uint64_t>& seeds) {
    std::string list;
    for (const std::uint64_t seed : seeds) {
        list += (list.empty() ? "" : ", ") + std::to_string(seed);
    }
    std::string text = "name: " + yaml_quoted(sweep_name) + "\nseeds: [" + list + "]\n" +
                       objective_text(objective);
    text += compare && is_called(cell, compare->baseline) ? compare_text(*compare, cell.name) : "";
    text += cell_settings(cell) + "space:\n  - cases:\n      - {name: " + yaml_quoted(cell.name);
    text += cell.label.empty() ? "" : ", label: " + yaml_quoted(cell.label);
    text += "}\n";
    return text + (cell.tags.empty() ? "" : "    tags: " + yaml_list(cell.tags) + "\n");
}

}  // namespace harrow::cli
