#include "coordinator/scheduler.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>

#include <signal.h>

#include "coordinator/child_process.hpp"

namespace harrow::coordinator {
namespace {

constexpr std::size_t kUnitsPerSlot = 2;  // one runs, one waits

void require(bool holds, const char* what) {
    if (!holds) {
        throw std::logic_error(std::string("scheduler: ") + what);
    }
}

}  // namespace

Scheduler::Scheduler(std::vector<SchedulerUnit> units, std::size_t slots, SchedulerLimits limits)
    : limits_(limits), units_(units.size()), slots_(slots), live_slots_(slots) {
    link_dependencies(units);
}

void Scheduler::link_dependencies(const std::vector<SchedulerUnit>& units) {
    std::vector<std::size_t> unmet(units.size());
    std::vector<std::size_t> open;
    for (std::size_t unit = 0; unit < units.size(); ++unit) {
        units_[unit].attempt = units[unit].attempts_before;
        for (const std::size_t needed : units[unit].depends_on) {
            if (needed >= units.size()) {
                throw std::invalid_argument("unit " + std::to_string(unit) + " depends on unit " +
                                            std::to_string(needed) + ", which does not exist");
            }
            units_[needed].dependants.push_back(unit);
        }
        unmet[unit] = units_[unit].unmet = units[unit].depends_on.size();
        if (unmet[unit] == 0) {
            units_[unit].state = UnitState::Ready;
            ready_.insert(unit);
            open.push_back(unit);
        }
    }
    for (std::size_t next = 0; next < open.size(); ++next) {  // Kahn's topological order
        for (const std::size_t dependant : units_[open[next]].dependants) {
            if (--unmet[dependant] == 0) {
                open.push_back(dependant);
            }
        }
    }
    if (open.size() != units.size()) {
        throw std::invalid_argument("the dependencies of the units form a cycle");
    }
}

std::vector<SchedulerAction> Scheduler::handle(const SchedulerEvent& event) {
    Actions actions;
    std::visit([&](const auto& body) { on(body, actions); }, event);
    dispatch(actions);
    return actions;
}

bool Scheduler::is_current(std::size_t slot, std::size_t unit, std::uint32_t attempt) const {
    return slot < slots_.size() && unit < units_.size() && units_[unit].state == UnitState::Held &&
           units_[unit].slot == slot && units_[unit].attempt == attempt;
}

void Scheduler::on(const SlotReady& event, Actions&) {
    Slot& slot = slots_.at(event.slot);
    if (slot.state == SlotState::Starting) {
        slot.state = SlotState::Ready;
        index_slot(event.slot);
    }
}

void Scheduler::on(const SlotChildLost& event, Actions& actions) {
    Slot& slot = slots_.at(event.slot);
    if (slot.state == SlotState::Gone) {
        return;
    }
    slot.state = SlotState::Starting;
    index_slot(event.slot);
    if (event.attempt == 0 || !is_current(event.slot, event.unit, event.attempt)) {
        return;
    }
    Unit& unit = units_[event.unit];
    Retry failure{event.slot, event.unit, event.attempt, FailureKind::Lost, event.reason};
    bool is_last = ++unit.lost_workers >= limits_.max_lost_workers;
    if (event.signal != SIGKILL &&
        ++unit.crashes[{event.signal, event.exit_code}] >= limits_.max_same_crashes) {
        is_last = true;
        failure.kind = FailureKind::Crashed;
        failure.reason = "crashed (" +
                         (event.signal != 0 ? signal_name(event.signal)
                                            : "exit code " + std::to_string(event.exit_code)) +
                         ")";
    } else if (is_last) {
        failure.reason = "lost its worker " + std::to_string(unit.lost_workers) +
                         " times; the last time: " + event.reason;
    }
    fail_attempt(std::move(failure), is_last, actions);
}

void Scheduler::on(const SlotGone& event, Actions& actions) {
    Slot& slot = slots_.at(event.slot);
    if (slot.state == SlotState::Gone) {
        return;
    }
    slot.state = SlotState::Gone;
    --live_slots_;
    const std::deque<std::size_t> held = slot.units;
    for (const std::size_t unit : held) {
        if (units_[unit].running) {
            const bool is_last = ++units_[unit].lost_workers >= limits_.max_lost_workers;
            fail_attempt(
                {event.slot, unit, units_[unit].attempt, FailureKind::Lost, "its slot was lost"},
                is_last,
                actions);
        } else {
            take_from_slot(unit);
        }
    }
    index_slot(event.slot);
}

void Scheduler::on(const UnitStarted& event, Actions& actions) {
    if (!is_current(event.slot, event.unit, event.attempt) || units_[event.unit].running) {
        return;
    }
    Unit& unit = units_[event.unit];
    unit.running = true;
    withdrawing_ -= unit.withdrawing ? 1 : 0;  // the request came too late
    unit.withdrawing = false;
    actions.emplace_back(NoteStart{event.slot, event.unit, event.attempt});
}

void Scheduler::on(const UnitFinished& event, Actions& actions) {
    if (!is_current(event.slot, event.unit, event.attempt)) {
        return;
    }
    take_from_slot(event.unit);
    ready_.erase(event.unit);
    units_[event.unit].state = UnitState::Finished;
    ++finished_;
    for (const std::size_t dependant : units_[event.unit].dependants) {
        Unit& waiting = units_[dependant];
        if (--waiting.unmet == 0 && waiting.state == UnitState::Blocked) {
            waiting.state = UnitState::Ready;
            ready_.insert(dependant);
        }
    }
    actions.emplace_back(Complete{event.slot, event.unit, event.attempt});
}

void Scheduler::on(const UnitFailed& event, Actions& actions) {
    if (!is_current(event.slot, event.unit, event.attempt)) {
        return;
    }
    Unit& unit = units_[event.unit];
    bool is_last = true;
    if (event.kind == FailureKind::Storage) {
        is_last = ++unit.storage_failures >= limits_.max_storage_failures;
    } else if (event.kind == FailureKind::Stopped) {
        is_last = ++unit.lost_workers >= limits_.max_lost_workers;
    }
    fail_attempt(
        {event.slot, event.unit, event.attempt, event.kind, event.message}, is_last, actions);
}

void Scheduler::on(const UnitReturned& event, Actions&) {
    if (is_current(event.slot, event.unit, event.attempt) && !units_[event.unit].running) {
        take_from_slot(event.unit);
        --units_[event.unit].attempt;  // it never started, so no report of it can be under way
    }
}

void Scheduler::on(const DrainRequested&, Actions&) {
    draining_ = true;
}

// Afterwards the unit is Ready.
void Scheduler::take_from_slot(std::size_t unit_index) {
    Unit& unit = units_[unit_index];
    std::deque<std::size_t>& held = slots_[unit.slot].units;
    held.erase(std::find(held.begin(), held.end(), unit_index));
    index_slot(unit.slot);
    --held_;
    withdrawing_ -= unit.withdrawing ? 1 : 0;
    unit.withdrawing = unit.running = false;
    unit.state = UnitState::Ready;
    ready_.insert(unit_index);
}

void Scheduler::fail_attempt(Retry failure, bool is_last, Actions& actions) {
    take_from_slot(failure.unit);
    if (!is_last) {
        actions.emplace_back(std::move(failure));
        return;
    }
    give_up({failure.slot,
             failure.unit,
             failure.attempt,
             failure.kind,
             std::move(failure.reason),
             failure.unit},
            actions);
}

void Scheduler::give_up(GiveUp verdict, Actions& actions) {
    const std::string reason = verdict.reason;
    const bool storage_is_gone = verdict.kind == FailureKind::Storage;
    const std::size_t cause = verdict.unit;
    std::vector<std::size_t> affected = {verdict.unit};
    ready_.erase(verdict.unit);
    units_[verdict.unit].state = UnitState::Failed;
    ++failed_;
    actions.emplace_back(std::move(verdict));
    for (std::size_t next = 0; next < affected.size(); ++next) {
        for (const std::size_t dependant : units_[affected[next]].dependants) {
            if (units_[dependant].state == UnitState::Blocked) {
                units_[dependant].state = UnitState::Failed;
                ++failed_;
                affected.push_back(dependant);
                actions.emplace_back(
                    GiveUp{0, dependant, 0, FailureKind::Dependency, reason, cause});
            }
        }
    }
    // A full disk refuses every unit alike: start no more of them.
    draining_ = draining_ || limits_.fail_fast || storage_is_gone;
}

void Scheduler::dispatch(Actions& actions) {
    if (draining_) {
        take_back_waiting(std::numeric_limits<std::size_t>::max(), actions);
        return;
    }
    while (!ready_.empty() && !idle_.empty()) {
        assign(*idle_.begin(), actions);
    }
    while (!ready_.empty() && !single_.empty()) {
        assign(*single_.begin(), actions);
    }
    if (idle_.size() > withdrawing_) {
        take_back_waiting(idle_.size() - withdrawing_, actions);
    }
}

void Scheduler::assign(std::size_t slot, Actions& actions) {
    const std::size_t unit = *ready_.begin();
    ready_.erase(ready_.begin());
    units_[unit].state = UnitState::Held;
    units_[unit].slot = slot;
    ++units_[unit].attempt;
    ++held_;
    slots_[slot].units.push_back(unit);
    index_slot(slot);
    actions.emplace_back(AssignUnit{slot, unit, units_[unit].attempt});
}

// Asks for units that wait behind another one or at a slot without a child; when draining, for all
// that have not started.
void Scheduler::take_back_waiting(std::size_t at_most, Actions& actions) {
    for (std::size_t index = 0; index < slots_.size() && at_most > 0; ++index) {
        const Slot& slot = slots_[index];
        for (std::size_t place = 0; place < slot.units.size() && at_most > 0; ++place) {
            Unit& unit = units_[slot.units[place]];
            const bool is_next = place == 0 && slot.state == SlotState::Ready && !draining_;
            if (!unit.running && !unit.withdrawing && !is_next) {
                unit.withdrawing = true;
                ++withdrawing_;
                --at_most;
                actions.emplace_back(WithdrawUnit{index, slot.units[place], unit.attempt});
            }
        }
    }
}

// Brings idle_ and single_ up to date after a change of the slot.
void Scheduler::index_slot(std::size_t index) {
    const Slot& slot = slots_[index];
    idle_.erase(index);
    single_.erase(index);
    if (slot.state == SlotState::Ready && slot.units.empty()) {
        idle_.insert(index);
    } else if (slot.state == SlotState::Ready && slot.units.size() < kUnitsPerSlot) {
        single_.insert(index);
    }
}

void Scheduler::check_invariants() const {
    std::size_t finished = 0;
    std::size_t failed = 0;
    std::size_t held = 0;
    std::size_t withdrawing = 0;
    for (std::size_t index = 0; index < units_.size(); ++index) {
        const Unit& unit = units_[index];
        finished += unit.state == UnitState::Finished ? 1 : 0;
        failed += unit.state == UnitState::Failed ? 1 : 0;
        held += unit.state == UnitState::Held ? 1 : 0;
        withdrawing += unit.withdrawing ? 1 : 0;
        require((ready_.count(index) == 1) == (unit.state == UnitState::Ready), "ready set");
        require(unit.state == UnitState::Held || (!unit.running && !unit.withdrawing),
                "a unit at no slot runs");
        require(unit.state != UnitState::Ready || unit.unmet == 0, "a blocked unit is ready");
    }
    require(finished == finished_ && failed == failed_ && held == held_, "counts");
    require(withdrawing == withdrawing_, "count of withdrawals");
    std::size_t at_slots = 0;
    std::size_t live = 0;
    for (std::size_t index = 0; index < slots_.size(); ++index) {
        const Slot& slot = slots_[index];
        live += slot.state != SlotState::Gone ? 1 : 0;
        require(slot.units.size() <= kUnitsPerSlot, "a slot holds too much");
        require(slot.state != SlotState::Gone || slot.units.empty(), "a lost slot holds a unit");
        for (const std::size_t unit : slot.units) {
            require(units_[unit].state == UnitState::Held && units_[unit].slot == index,
                    "slot and unit disagree");
            require(!units_[unit].running || unit == slot.units.front(), "two units run at a slot");
            ++at_slots;
        }
        require((idle_.count(index) == 1) == (slot.state == SlotState::Ready && slot.units.empty()),
                "idle set");
    }
    require(at_slots == held_, "a unit is held twice");
    require(live == live_slots_, "count of slots");
    require(draining_ || ready_.empty() || idle_.empty(), "a slot starves");
}

}  // namespace harrow::coordinator
