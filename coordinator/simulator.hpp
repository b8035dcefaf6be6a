#pragma once

#include <cstddef>
#include <vector>

#include "coordinator/scheduler_events.hpp"

namespace harrow::coordinator {

struct Simulation {
    std::size_t slots = 0, units = 0;
    double makespan_s = 0.0;
    /// No schedule is shorter: total work over slots, the longest unit, the longest chain.
    double bound_s = 0.0;
    double slot_hours = 0.0;   ///< slots × makespan
    double utilisation = 0.0;  ///< share of the slots' time that is work, [0, 1]
};

/// Runs the plan through the real scheduler in virtual time: every unit takes its expected seconds,
/// messages take none, nothing fails. O(units log units). Throws std::invalid_argument without a
/// slot and as Scheduler.
Simulation simulate(const std::vector<SchedulerUnit>& units, std::size_t slots, Order order);

}  // namespace harrow::coordinator
