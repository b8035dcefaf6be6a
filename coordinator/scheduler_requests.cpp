#include <algorithm>

#include "coordinator/scheduler.hpp"

/// What the user, the disk and the clock ask of the scheduler.
namespace harrow::coordinator {

void Scheduler::on(const CancelRequested& event, Actions& actions) {
    if (event.unit >= units_.size()) {
        return;
    }
    Unit& unit = units_[event.unit];
    switch (unit.state) {
        case UnitState::Finished:
        case UnitState::Failed:
            return;
        case UnitState::Blocked:
        case UnitState::Ready:
            dequeue(event.unit);
            give_up({0, event.unit, 0, FailureKind::Cancelled, "cancelled on request", event.unit},
                    actions);
            return;
        case UnitState::Held:
            if (!unit.cancelling && unit.running) {
                actions.emplace_back(CancelUnit{unit.slot, event.unit, unit.attempt});
            } else if (!unit.running && !unit.withdrawing) {
                take_back(event.unit, actions);
            }
            unit.cancelling = true;
            unit.retry_after_cancel = false;
            return;
    }
}

void Scheduler::on(const RetryRequested& event, Actions& actions) {
    if (event.unit >= units_.size()) {
        return;
    }
    Unit& unit = units_[event.unit];
    if (unit.state == UnitState::Held && unit.cancelling) {
        unit.cancelling = unit.retry_after_cancel = unit.running;  // what runs was told to end
    }
    if (unit.state != UnitState::Failed) {
        return;
    }
    std::vector<std::size_t> revived = revive_with_needs(event.unit);
    for (std::size_t next = 0; next < revived.size(); ++next) {
        for (const std::size_t index : units_[revived[next]].dependants) {
            const Unit& dependant = units_[index];
            if (dependant.state == UnitState::Failed && dependant.failed_by_need &&
                std::none_of(dependant.needs.begin(), dependant.needs.end(), [&](auto needed) {
                    return units_[needed].state == UnitState::Failed;
                })) {
                revive(index);
                revived.push_back(index);
            }
        }
    }
    for (const std::size_t index : revived) {
        actions.emplace_back(Revive{index});
        if (units_[index].unmet == 0) {
            enqueue(index);
        }
    }
}

/// The unit and everything it needs, directly or not, that failed.
std::vector<std::size_t> Scheduler::revive_with_needs(std::size_t unit) {
    std::vector<std::size_t> revived = {unit};
    revive(unit);
    for (std::size_t next = 0; next < revived.size(); ++next) {
        for (const std::size_t needed : units_[revived[next]].needs) {
            if (units_[needed].state == UnitState::Failed) {
                revive(needed);
                revived.push_back(needed);
            }
        }
    }
    return revived;
}

void Scheduler::revive(std::size_t index) {
    Unit& unit = units_[index];
    unit.state = UnitState::Blocked;
    unit.alone = unit.failed_by_need = false;
    policy_.forget(index);
    --failed_;
}

void Scheduler::on(const DispatchPaused& event, Actions&) {
    if (paused_ != event.paused) {
        paused_ = event.paused;
        index_all_slots();
    }
}

// O(slots).
void Scheduler::on(const TimeLeft& event, Actions& actions) {
    const bool more = event.seconds > time_left_;
    time_left_ = event.seconds;
    if (more) {
        for (const std::size_t unit : std::exchange(parked_, {})) {
            enqueue(unit);
        }
    }
    for (const Slot& slot : slots_) {
        for (const std::size_t unit : slot.units) {
            if (!units_[unit].running && !units_[unit].withdrawing && !fits(unit)) {
                take_back(unit, actions);
            }
        }
    }
}

void Scheduler::on(const EstimatesChanged& event, Actions&) {
    ready_.clear();
    parked_.clear();
    const std::set<Key> behind = std::exchange(behind_long_, {});
    const std::size_t count = std::min(event.expected_seconds.size(), units_.size());
    for (std::size_t unit = 0; unit < count; ++unit) {
        units_[unit].expected = event.expected_seconds[unit];
    }
    for (std::size_t unit = 0; unit < units_.size(); ++unit) {
        if (units_[unit].state == UnitState::Ready) {
            enqueue(unit);
        }
    }
    for (const Key& old : behind) {
        units_[old.unit].key = key_of(old.unit);
        behind_long_.insert(units_[old.unit].key);
    }
    index_all_slots();
}

}  // namespace harrow::coordinator
