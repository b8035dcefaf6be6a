#include "sweeps/parameters.hpp"

#include <algorithm>
#include <cstddef>
#include <map>
#include <set>

namespace harrow::sweeps {
namespace {

/// Every spelling that finds a parameter. A last component that two parameters share, or that is an
/// alias of another, finds neither.
std::map<std::string, const Parameter*, std::less<>> make_index() {
    std::map<std::string, const Parameter*, std::less<>> index;
    for (const Parameter& parameter : parameters()) {
        index[parameter.name] = &parameter;
        for (const std::string& alias : parameter.aliases) {
            index[alias] = &parameter;
        }
    }
    std::map<std::string, std::set<const Parameter*>> shared;
    for (const Parameter& parameter : parameters()) {
        shared[std::string(parameter.last_component())].insert(&parameter);
    }
    shared.erase("name");  // a bare `name` is the sweep's or a case's own
    shared.erase("seed");  // next to `seeds`
    for (const auto& [component, owners] : shared) {
        if (owners.size() == 1) {
            index.emplace(component, *owners.begin());
        }
    }
    return index;
}

const std::map<std::string, const Parameter*, std::less<>>& index_of_names() {
    static const auto index = make_index();
    return index;
}

/// Optimal string alignment distance: insert, delete, replace and swap of neighbours cost one.
std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before(b.size() + 1);
    std::vector<std::size_t> previous(b.size() + 1);
    std::vector<std::size_t> current(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) {
        previous[j] = j;
    }
    for (std::size_t i = 1; i <= a.size(); ++i) {
        current[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replace = previous[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            current[j] = std::min({previous[j] + 1, current[j - 1] + 1, replace});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                current[j] = std::min(current[j], before[j - 2] + 1);
            }
        }
        std::swap(before, previous);
        std::swap(previous, current);
    }
    return previous[b.size()];
}

}  // namespace

const char* stage_name(Stage stage) {
    switch (stage) {
        case Stage::Features:
            return "features";
        case Stage::Training:
            return "training";
        case Stage::Scoring:
            return "scoring";
    }
    return "";
}

const char* type_name(Type type) {
    switch (type) {
        case Type::Bool:
            return "true or false";
        case Type::Int:
            return "integer";
        case Type::Real:
            return "number";
        case Type::Text:
            return "text";
        case Type::TextList:
            return "list";
        case Type::Numbers:
            return "list of numbers";
    }
    return "";
}

Type Parameter::type() const {
    constexpr Type kTypes[] = {
        Type::Bool, Type::Int, Type::Int, Type::Real, Type::Text, Type::TextList, Type::Numbers};
    static_assert(std::size(kTypes) == std::variant_size_v<Member>);
    return kTypes[member.index()];
}

std::string_view Parameter::last_component() const {
    const std::size_t dot = name.rfind('.');
    return std::string_view(name).substr(dot == std::string::npos ? 0 : dot + 1);
}

const Parameter* find_parameter(std::string_view name) {
    const auto found = index_of_names().find(name);
    return found == index_of_names().end() ? nullptr : found->second;
}

std::string short_name(const Parameter& parameter) {
    const std::string component(parameter.last_component());
    return find_parameter(component) == &parameter ? component : parameter.name;
}

std::string nearest_name(std::string_view name, const std::vector<std::string>& candidates) {
    constexpr std::size_t kLongest = 64;  // longer than any name we know; bounds the work
    if (name.empty() || name.size() > kLongest) {
        return {};
    }
    std::size_t best = std::max<std::size_t>(1, name.size() / 3) + 1;
    std::string nearest;
    for (const std::string& candidate : candidates) {
        const std::size_t distance = edit_distance(name, candidate);
        if (distance < best && distance < candidate.size()) {
            best = distance;
            nearest = candidate;
        }
    }
    constexpr std::size_t kTelling = 4;  // shorter words are part of too many names
    for (const std::string& candidate : candidates) {
        const bool is_part = name.size() >= kTelling && candidate.find(name) != std::string::npos;
        if (nearest.empty() && is_part) {
            nearest = candidate;
        }
    }
    return nearest;
}

std::string suggestion(std::string_view name, const std::vector<std::string>& candidates) {
    const std::string nearest = nearest_name(name, candidates);
    if (!nearest.empty()) {
        return "; did you mean '" + nearest + "'?";
    }
    std::string list;
    for (const std::string& candidate : candidates) {
        list += (list.empty() ? "" : ", ") + candidate;
    }
    return "; there are: " + list;
}

std::string nearest_parameter(std::string_view name) {
    std::vector<std::string> spellings;
    for (const auto& [spelling, parameter] : index_of_names()) {
        spellings.push_back(spelling);
    }
    std::string nearest = nearest_name(name, spellings);
    const std::size_t dot = name.rfind('.');
    if (nearest.empty() && dot != std::string_view::npos) {
        nearest = nearest_name(name.substr(dot + 1), spellings);
    }
    return nearest.empty() ? nearest : find_parameter(nearest)->name;
}

bool is_active(const Parameter& parameter, const TrialConfig& config) {
    const auto& owners = parameter.methods;
    const bool owned =
        owners.empty() || std::find(owners.begin(), owners.end(), config.method) != owners.end();
    if (!uses_data(config)) {
        const std::string_view section =
            std::string_view(parameter.name).substr(0, parameter.name.find('.'));
        if (section == "data" || section == "sequence" || section == "backbone" ||
            section == "validation") {
            return false;
        }
    }
    return owned && (parameter.applies == nullptr || parameter.applies(config));
}

bool uses_data(const TrialConfig& config) {
    return config.method != "noop";
}

const Method* find_method(std::string_view name) {
    for (const Method& method : methods()) {
        if (method.name == name) {
            return &method;
        }
    }
    return nullptr;
}

}  // namespace harrow::sweeps
