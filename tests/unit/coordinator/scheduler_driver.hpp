#pragma once

#include <utility>
#include <variant>
#include <vector>

#include "coordinator/scheduler.hpp"

namespace harrow::coordinator {

/// The actions of one kind, in order.
template <typename Action>
std::vector<Action> only(const std::vector<SchedulerAction>& actions) {
    std::vector<Action> result;
    for (const SchedulerAction& action : actions) {
        if (const auto* found = std::get_if<Action>(&action)) {
            result.push_back(*found);
        }
    }
    return result;
}

/// Drives a scheduler and checks it after every event.
class Driver {
public:
    Driver(std::vector<SchedulerUnit> units, std::size_t slots, SchedulerLimits limits = {})
        : scheduler(std::move(units), slots, limits) {}
    Driver(std::vector<SchedulerUnit> units,
           const std::vector<std::size_t>& devices,
           SchedulerLimits limits = {})
        : scheduler(std::move(units), devices, limits) {}

    std::vector<SchedulerAction> operator()(const SchedulerEvent& event) {
        std::vector<SchedulerAction> actions = scheduler.handle(event);
        scheduler.check_invariants();
        return actions;
    }
    /// Makes the slot run what it was assigned.
    std::vector<SchedulerAction> start(const AssignUnit& assigned) {
        return (*this)(UnitStarted{assigned.slot, assigned.unit, assigned.attempt});
    }

    Scheduler scheduler;
};

inline std::vector<SchedulerUnit> independent(std::size_t count) {
    return std::vector<SchedulerUnit>(count);
}

}  // namespace harrow::coordinator
