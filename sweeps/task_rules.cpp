#include "sweeps/task_rules.hpp"

#include <algorithm>
#include <cstddef>

#include "sweeps/class_config.hpp"
#include "sweeps/parameters.hpp"

namespace harrow::sweeps {
namespace {

using Tasks = std::vector<std::vector<std::string>>;

/// The classes of one task are trained as one. At most one problem.
void check_agreement(const TrialConfig& config,
                     std::size_t task,
                     const std::vector<std::string>& classes,
                     std::vector<TaskProblem>& problems) {
    if (classes.size() < 2) {
        return;
    }
    const TrialConfig first = config_of_class(config, classes.front());
    for (const std::string& name : classes) {
        const TrialConfig other = config_of_class(config, name);
        for (const Parameter& parameter : parameters()) {
            if (parameter.per_class &&
                value_text(parameter, first) != value_text(parameter, other)) {
                problems.push_back({kPerClass,
                                    "task " + std::to_string(task) + " trains " + listed(classes) +
                                        " as one, but " + parameter.name + " is " +
                                        value_text(parameter, first) + " for " + classes.front() +
                                        " and " + value_text(parameter, other) + " for " + name +
                                        "; give them one value, or use sequence.scenario: 1-1"});
                return;
            }
        }
    }
}

/// Weights go from one task's layers into the next one's. At most one problem.
void check_carried_ranks(const TrialConfig& config,
                         const Tasks& tasks,
                         std::vector<TaskProblem>& problems) {
    if (!config.model.carry_over_compat ||
        !is_active(*find_parameter("model.carry_over_compat"), config)) {
        return;
    }
    const std::string* first = nullptr;
    int rank = 0;
    for (const std::vector<std::string>& task : tasks) {
        for (const std::string& name : task) {
            const int own = config_of_class(config, name).model.lora_rank;
            if (first != nullptr && own != rank) {
                problems.push_back(
                    {"model.carry_over_compat",
                     "layers are carried over from class to class and need one model.lora_rank, "
                     "but it is " +
                         std::to_string(rank) + " for " + *first + " and " + std::to_string(own) +
                         " for " + name + " (per_class)"});
                return;
            }
            first = &name;
            rank = own;
        }
    }
}

}  // namespace

std::vector<TaskProblem> task_problems(const TrialConfig& config, const Tasks& tasks) {
    std::vector<TaskProblem> problems;
    if (config.per_class.empty()) {
        return problems;
    }
    for (std::size_t task = 0; task < tasks.size(); ++task) {
        check_agreement(config, task, tasks[task], problems);
    }
    check_carried_ranks(config, tasks, problems);
    return problems;
}

std::string listed(const std::vector<std::string>& names) {
    constexpr std::size_t kShown = 20;
    std::string text;
    for (std::size_t i = 0; i < std::min(names.size(), kShown); ++i) {
        text += (i == 0 ? "" : ", ") + names[i];
    }
    return text + (names.size() > kShown ? ", …" : "");
}

}  // namespace harrow::sweeps
