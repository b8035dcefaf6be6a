#include "sweeps/sequence.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>

#include "sweeps/parameters.hpp"
#include "sweeps/random.hpp"

namespace harrow::sweeps {
namespace {

using Names = std::vector<std::string>;

const Names& texture_first() {
    static const Names names = {"carpet",
                                "grid",
                                "leather",
                                "tile",
                                "wood",
                                "bottle",
                                "cable",
                                "capsule",
                                "hazelnut",
                                "metal_nut",
                                "pill",
                                "screw",
                                "toothbrush",
                                "transistor",
                                "zipper"};
    return names;
}

const Names& hard_first() {
    static const Names names = {"screw",
                                "toothbrush",
                                "capsule",
                                "cable",
                                "pill",
                                "grid",
                                "zipper",
                                "transistor",
                                "carpet",
                                "wood",
                                "hazelnut",
                                "metal_nut",
                                "leather",
                                "tile",
                                "bottle"};
    return names;
}

const Names& easy_first() {
    static const Names names = {"bottle",
                                "leather",
                                "metal_nut",
                                "tile",
                                "hazelnut",
                                "carpet",
                                "grid",
                                "cable",
                                "pill",
                                "zipper",
                                "transistor",
                                "wood",
                                "capsule",
                                "toothbrush",
                                "screw"};
    return names;
}

bool contains(const Names& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

std::string did_you_mean(const std::string& name, const Names& candidates) {
    const std::string nearest = nearest_name(name, candidates);
    return nearest.empty() ? "" : "; did you mean " + nearest + "?";
}

Names order_by_table(const Names& classes,
                     const std::string& rule,
                     const Names& table,
                     Names& problems) {
    Names ordered;
    std::copy_if(table.begin(), table.end(), std::back_inserter(ordered), [&](const auto& name) {
        return contains(classes, name);
    });
    for (const std::string& name : classes) {
        if (!contains(table, name)) {
            problems.push_back("order " + rule +
                               " is defined for the classes of MVTec AD and does "
                               "not know '" +
                               name + "'; give the order as a list");
            ordered.push_back(name);
        }
    }
    return ordered;
}

Names order_by_list(const Names& classes, const Names& list, Names& problems) {
    if (list.size() == 1 && !contains(classes, list[0])) {
        Names candidates = order_rules();
        candidates.insert(candidates.end(), classes.begin(), classes.end());
        problems.push_back("order '" + list[0] + "' is neither a rule nor a class" +
                           did_you_mean(list[0], candidates));
        return classes;
    }
    Names ordered;
    for (const std::string& name : list) {
        if (!contains(classes, name)) {
            problems.push_back("order lists '" + name + "', which is not among the classes used" +
                               did_you_mean(name, classes));
        } else if (contains(ordered, name)) {
            problems.push_back("order lists '" + name + "' twice");
        } else {
            ordered.push_back(name);
        }
    }
    for (const std::string& name : classes) {
        if (!contains(ordered, name)) {
            problems.push_back("order misses the class '" + name + "'");
            ordered.push_back(name);
        }
    }
    return ordered;
}

std::optional<int> parse_count(std::string_view text) {
    int value = 0;
    const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool whole = result.ec == std::errc{} && result.ptr == text.data() + text.size();
    // One spelling per value: no leading zero.
    return whole && value > 0 && text[0] != '0' ? std::optional<int>(value) : std::nullopt;
}

}  // namespace

std::optional<Scenario> parse_scenario(std::string_view text) {
    const std::size_t dash = text.find('-');
    if (dash == std::string_view::npos) {
        return std::nullopt;
    }
    const std::optional<int> base = parse_count(text.substr(0, dash));
    const std::optional<int> inc = parse_count(text.substr(dash + 1));
    return base && inc ? std::optional<Scenario>(Scenario{*base, *inc}) : std::nullopt;
}

std::vector<Names> make_tasks(const Names& ordered_classes, Scenario scenario) {
    std::vector<Names> tasks;
    std::size_t first = 0;
    while (first < ordered_classes.size()) {
        const auto size = static_cast<std::size_t>(tasks.empty() ? scenario.base : scenario.inc);
        const std::size_t end = std::min(ordered_classes.size(), first + size);
        tasks.emplace_back(ordered_classes.begin() + static_cast<std::ptrdiff_t>(first),
                           ordered_classes.begin() + static_cast<std::ptrdiff_t>(end));
        first = end;
    }
    return tasks;
}

const Names& order_rules() {
    static const Names rules = {
        "alphabetical", "texture_first", "hard_first", "easy_first", "random"};
    return rules;
}

Names order_classes(Names classes, const SequenceConfig& sequence, Names& problems) {
    std::sort(classes.begin(), classes.end());
    const std::string rule = sequence.order.size() == 1 ? sequence.order[0] : "";
    if (rule == "alphabetical") {
        return classes;
    }
    if (rule == "texture_first") {
        return order_by_table(classes, rule, texture_first(), problems);
    }
    if (rule == "hard_first") {
        return order_by_table(classes, rule, hard_first(), problems);
    }
    if (rule == "easy_first") {
        return order_by_table(classes, rule, easy_first(), problems);
    }
    if (rule == "random") {
        RandomStream random(static_cast<std::uint64_t>(sequence.order_seed), "order");
        Names shuffled;
        for (const std::int64_t i :
             random_permutation(static_cast<std::int64_t>(classes.size()), random)) {
            shuffled.push_back(classes[static_cast<std::size_t>(i)]);
        }
        return shuffled;
    }
    return order_by_list(classes, sequence.order, problems);
}

}  // namespace harrow::sweeps
