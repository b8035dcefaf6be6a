#include "analysis/comparison/fairness.hpp"

#include <set>

namespace harrow::analysis {
namespace {

std::string text_of(const CellInfo& cell, const std::string& name) {
    const auto found = cell.settings.find(name);
    return found == cell.settings.end() ? "" : found->second;
}

/// An import that has no such column says nothing about it; a cell of a sweep says that it means
/// nothing there.
bool is_silent(const CellInfo& cell, const std::string& name) {
    return cell.is_import && cell.settings.count(name) == 0;
}

}  // namespace

std::vector<SettingDifference> setting_differences(const CellInfo& a, const CellInfo& b) {
    std::set<std::string> names;
    for (const CellInfo* cell : {&a, &b}) {
        for (const auto& [name, text] : cell->settings) {
            names.insert(name);
        }
    }
    std::vector<SettingDifference> differences;
    const auto add = [&](const std::string& name, const std::string& x, const std::string& y) {
        if (x != y) {
            differences.push_back({name, x, y});
        }
    };
    for (const std::string& name : names) {
        if (!is_silent(a, name) && !is_silent(b, name)) {
            add(name, text_of(a, name), text_of(b, name));
        }
    }
    if (!a.data_digest.empty() && !b.data_digest.empty()) {
        add("data", a.data_digest, b.data_digest);
    }
    if (!a.weights_digest.empty() && !b.weights_digest.empty()) {
        add("weights", a.weights_digest, b.weights_digest);
    }
    return differences;
}

std::string difference_text(const std::vector<SettingDifference>& differences) {
    const auto shown = [](const SettingDifference& difference, const std::string& text) {
        const bool is_digest = difference.name == "data" || difference.name == "weights";
        return text.empty() ? std::string("–") : is_digest ? text.substr(0, 8) : text;
    };
    std::string text;
    for (const SettingDifference& difference : differences) {
        text += (text.empty() ? "" : ", ") + difference.name + " " +
                shown(difference, difference.a) + " / " + shown(difference, difference.b);
    }
    return text;
}

}  // namespace harrow::analysis
