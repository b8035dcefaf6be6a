#include "sweeps/tables/table_fields.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <system_error>

#include "sweeps/parameters.hpp"

namespace harrow::sweeps {
namespace {

constexpr int kMaxDigits = 6;

std::string listed(const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& name : names) {
        text += (text.empty() ? "" : ", ") + name;
    }
    return text;
}

}  // namespace

const YamlNode* find_member(const YamlNode& map, const std::string& key) {
    for (const YamlNode::Entry& entry : map.entries) {
        if (entry.key == key) {
            return &entry.value;
        }
    }
    return nullptr;
}

std::optional<double> number_in(const YamlNode& node) {
    double value = 0;
    const std::string& text = node.text;
    const auto end = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool is_whole = end.ec == std::errc{} && end.ptr == text.data() + text.size();
    return node.is_scalar() && is_whole && std::isfinite(value) ? std::optional(value)
                                                                : std::nullopt;
}

bool contains_name(const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

std::string did_you_mean(const std::string& name, const std::vector<std::string>& candidates) {
    const std::string nearest = nearest_name(name, candidates);
    return nearest.empty() ? "" : "; did you mean " + nearest + "?";
}

void TableFields::report(const Place& place, const std::string& key, const std::string& message) {
    problems_.push_back(problem_at(place, key, message));
}

bool TableFields::expect_map(const YamlNode& node,
                             const std::string& key,
                             const std::string& expected) {
    if (!node.is_map()) {
        report(node.place, key, "has " + std::string(node.kind_text()) + "; " + expected);
    }
    return node.is_map();
}

void TableFields::check_keys(const YamlNode& map, const std::string& section, const Names& known) {
    for (const YamlNode::Entry& entry : map.entries) {
        if (!contains_name(known, entry.key)) {
            report(
                entry.place,
                section + "." + entry.key.substr(0, 60),
                "unknown key; expected one of " + listed(known) + did_you_mean(entry.key, known));
        }
    }
}

std::string TableFields::text(const YamlNode& map,
                              const std::string& key,
                              const std::string& path,
                              const std::string& expected,
                              bool (*is_good)(const std::string&)) {
    const YamlNode* node = find_member(map, key);
    if (node == nullptr || (node->is_scalar() && is_good(node->text))) {
        return node == nullptr ? "" : node->text;
    }
    report(node->place, path, expected);
    return {};
}

bool TableFields::flag(const YamlNode& map, const std::string& key, bool otherwise) {
    const YamlNode* node = find_member(map, key);
    if (node == nullptr) {
        return otherwise;
    }
    if (node->is_scalar() && (node->text == "true" || node->text == "false")) {
        return node->text == "true";
    }
    report(node->place, "tables." + key, "expected true or false");
    return otherwise;
}

int TableFields::digits(const YamlNode& map, int otherwise) {
    const YamlNode* node = find_member(map, "digits");
    if (node == nullptr) {
        return otherwise;
    }
    const std::optional<double> digits = number_in(*node);
    if (!digits || *digits < 0 || *digits > kMaxDigits || *digits != std::floor(*digits)) {
        report(node->place,
               "tables.digits",
               "expected an integer from 0 to " + std::to_string(kMaxDigits));
        return otherwise;
    }
    return static_cast<int>(*digits);
}

std::string TableFields::choice(const YamlNode& map, const std::string& key, const Names& allowed) {
    const YamlNode* node = find_member(map, key);
    if (node == nullptr || (node->is_scalar() && contains_name(allowed, node->text))) {
        return node == nullptr ? allowed.front() : node->text;
    }
    report(node->place,
           "tables." + key,
           "expected one of " + listed(allowed) +
               (node->is_scalar() ? did_you_mean(node->text, allowed) : ""));
    return allowed.front();
}

TableFields::Names TableFields::names(const YamlNode& node,
                                      const std::string& path,
                                      const std::string& expected) {
    Names names;
    const auto add = [&](const YamlNode& scalar) {
        if (scalar.is_scalar() && is_name(scalar.text)) {
            names.push_back(scalar.text);
        } else {
            report(scalar.place, path, expected);
        }
    };
    if (!node.is_list() || node.items.empty()) {
        add(node);
    } else {
        std::for_each(node.items.begin(), node.items.end(), add);
    }
    return names;
}

}  // namespace harrow::sweeps
