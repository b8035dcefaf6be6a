#include "analysis/comparison/fairness.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <set>

#include "sweeps/class_config.hpp"

namespace harrow::analysis {
namespace {

std::string last_component(const std::string& name) {
    return name.substr(name.rfind('.') + 1);
}

bool is_backbone(const std::string& name) {
    return name.rfind("backbone", 0) == 0;
}

bool is_parameter(const SettingDifference& difference) {
    return difference.name != "data" && difference.name != "weights";
}

bool is_known_to_both(const SettingDifference& difference) {
    return !difference.a.empty() && !difference.b.empty();
}

/// "train.num_epochs=3@fabric" of the list that a setting's text holds; what has a comma of its own
/// is no budget.
std::set<std::string> class_budgets(const CellInfo& cell) {
    std::set<std::string> budgets;
    const auto found = cell.settings.find(sweeps::kPerClass);
    std::string text = found == cell.settings.end() ? "" : found->second;
    if (!text.empty() && text.front() == '[') {
        text = text.substr(1, text.size() - 2);
    }
    for (std::size_t start = 0; start < text.size();) {
        const std::size_t end = std::min(text.find(',', start), text.size());
        const std::string entry = text.substr(start, end - start);
        const auto setting = sweeps::parse_class_setting(entry);
        if (setting && is_budget(setting->parameter)) {
            budgets.insert(entry);
        }
        start = end + 1;
    }
    return budgets;
}

}  // namespace

std::string data_text(const CellInfo& cell) {
    if (!cell.data_digest.empty()) {
        return cell.data_digest;
    }
    return cell.run.empty() ? "not known" : "not known in " + cell.run;
}

std::vector<SettingDifference> setting_differences(const CellInfo& a, const CellInfo& b) {
    std::vector<SettingDifference> differences;
    const auto add = [&](const std::string& name, const std::string& x, const std::string& y) {
        if (x != y) {
            differences.push_back({name, x, y});
        }
    };
    // Both lists are sorted: one walk over the two.
    auto x = a.settings.begin();
    auto y = b.settings.begin();
    while (x != a.settings.end() || y != b.settings.end()) {
        const bool is_in_a =
            x != a.settings.end() && (y == b.settings.end() || x->first <= y->first);
        const bool is_in_b = y != b.settings.end() && (!is_in_a || y->first == x->first);
        // An import that has no such column says nothing about it; a cell of a sweep says that it
        // means nothing there.
        if ((is_in_a || !a.is_import) && (is_in_b || !b.is_import)) {
            add(is_in_a ? x->first : y->first, is_in_a ? x->second : "", is_in_b ? y->second : "");
        }
        x = is_in_a ? std::next(x) : x;
        y = is_in_b ? std::next(y) : y;
    }
    add("data", data_text(a), data_text(b));
    if (!a.weights_digest.empty() && !b.weights_digest.empty()) {
        add("weights", a.weights_digest, b.weights_digest);
    }
    return differences;
}

// In imports without the section's name.
bool is_budget(const std::string& name) {
    constexpr std::array<const char*, 4> kBudgets = {"num_epochs", "epochs", "num_steps", "steps"};
    const std::string last = last_component(name);
    return std::find(kBudgets.begin(), kBudgets.end(), last) != kBudgets.end();
}

bool are_other_budgets(const SettingDifference& difference) {
    return is_budget(difference.name) && is_known_to_both(difference);
}

bool have_other_class_budgets(const CellInfo& a, const CellInfo& b) {
    return class_budgets(a) != class_budgets(b);
}

bool names_setting(const std::string& wanted, const std::string& name) {
    return wanted == name || wanted == last_component(name) || last_component(wanted) == name;
}

std::vector<SettingDifference> unfair_differences(const CellInfo& a,
                                                  const CellInfo& b,
                                                  const std::vector<std::string>& same) {
    const std::vector<SettingDifference> all = setting_differences(a, b);
    const auto parameters = std::count_if(all.begin(), all.end(), is_parameter);
    const bool only_budget = std::all_of(all.begin(), all.end(), [](const auto& difference) {
        return difference.name == "data" || is_budget(difference.name);
    });
    const bool is_backbone_studied =
        std::any_of(all.begin(), all.end(), [](const auto& difference) {
            return is_backbone(difference.name);
        });
    const bool is_anything_unsaid = same.empty() && (a.is_import || b.is_import) && parameters > 1;
    const auto is_wanted_same = [&](const std::string& name) {
        return std::any_of(same.begin(), same.end(), [&](const std::string& wanted) {
            return names_setting(wanted, name) ||
                   (name == "weights" && wanted == "backbone.weights");
        });
    };
    std::vector<SettingDifference> unfair;
    for (const SettingDifference& difference : all) {
        const std::string& name = difference.name;
        const bool is_hidden = name == "data" || (are_other_budgets(difference) && !only_budget) ||
                               (name == "weights" && parameters > 0 && !is_backbone_studied);
        if (is_hidden || is_wanted_same(name) || (is_anything_unsaid && is_parameter(difference))) {
            unfair.push_back(difference);
        }
    }
    return unfair;
}

std::string difference_text(const std::vector<SettingDifference>& differences) {
    constexpr std::size_t kDigest = 32;  // hexadecimal digits, at least
    const auto shown = [](const SettingDifference& difference, const std::string& text) {
        const bool is_digest = (difference.name == "data" || difference.name == "weights") &&
                               text.size() >= kDigest && text.find(' ') == std::string::npos;
        return text.empty() ? std::string("–") : is_digest ? text.substr(0, 8) : text;
    };
    std::string text;
    for (const SettingDifference& difference : differences) {
        text += (text.empty() ? "" : ", ") + difference.name + " " +
                shown(difference, difference.a) + " / " + shown(difference, difference.b);
    }
    return text;
}

std::string short_difference_text(std::vector<SettingDifference> differences) {
    constexpr std::size_t kMost = 8, kMostBytes = 48;
    const std::size_t all = differences.size();
    std::stable_partition(differences.begin(), differences.end(), is_known_to_both);
    differences.resize(std::min(all, kMost));
    const auto cut = [](std::string& text) {
        if (text.size() > kMostBytes) {
            std::size_t end = kMostBytes;
            while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) {
                --end;  // not inside a character
            }
            text = text.substr(0, end) + "…";
        }
    };
    for (SettingDifference& difference : differences) {
        if (difference.name != "data" && difference.name != "weights") {
            cut(difference.a);
            cut(difference.b);
        }
    }
    return difference_text(differences) +
           (all > kMost ? " and " + std::to_string(all - kMost) + " more" : "");
}

std::string seeds_text(const std::vector<std::uint64_t>& seeds) {
    std::string text;
    for (std::size_t i = 0; i < seeds.size();) {
        std::size_t last = i;
        while (last + 1 < seeds.size() && seeds[last + 1] == seeds[last] + 1) {
            ++last;
        }
        text += (text.empty() ? "" : ", ") + std::to_string(seeds[i]);
        if (last > i) {
            text += (last > i + 1 ? ".." : ", ") + std::to_string(seeds[last]);
        }
        i = last + 1;
    }
    return text;
}

}  // namespace harrow::analysis
