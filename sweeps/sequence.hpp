#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sweeps/trial_config.hpp"

namespace harrow::sweeps {

/// "base-inc": the first task has `base` classes, each later one `inc` (MoLE-Flow A15).
struct Scenario {
    int base = 1;
    int inc = 1;
};

/// Two positive integers joined by `-`; nothing otherwise.
std::optional<Scenario> parse_scenario(std::string_view text);

/// Classes per task; the last task may be shorter. `scenario.base` <= number of classes.
std::vector<std::vector<std::string>> make_tasks(const std::vector<std::string>& ordered_classes,
                                                 Scenario scenario);

/// alphabetical, texture_first, hard_first, easy_first, random.
const std::vector<std::string>& order_rules();

/// The classes in the order they are learned. What does not fit is appended to `problems`: a rule
/// that does not know a class, a list that misses, repeats or invents one.
std::vector<std::string> order_classes(std::vector<std::string> classes,
                                       const SequenceConfig& sequence,
                                       std::vector<std::string>& problems);

}  // namespace harrow::sweeps
