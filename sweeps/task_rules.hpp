#pragma once

#include <string>
#include <vector>

#include "sweeps/trial_config.hpp"

/// What the classes of a sequence must agree on, since one training learns them.
namespace harrow::sweeps {

struct TaskProblem {
    std::string parameter;  ///< dotted name
    std::string message;    ///< what is wrong, what to do
};

/// Of values per class: those of one task are one value, and so are the ranks of layers that are
/// carried over from task to task. `tasks`: classes per task.
std::vector<TaskProblem> task_problems(const TrialConfig& config,
                                       const std::vector<std::vector<std::string>>& tasks);

/// "bottle, cable, …": at most 20 of them.
std::string listed(const std::vector<std::string>& names);

}  // namespace harrow::sweeps
