#include "coordinator/scheduler.hpp"

#include <algorithm>
#include <numeric>
#include <stdexcept>

namespace harrow::coordinator {
namespace {

std::vector<std::size_t> own_devices(std::size_t slots) {
    std::vector<std::size_t> devices(slots);
    std::iota(devices.begin(), devices.end(), std::size_t{0});
    return devices;
}

}  // namespace

Scheduler::Scheduler(std::vector<SchedulerUnit> units, std::size_t slots, SchedulerLimits limits)
    : Scheduler(std::move(units), own_devices(slots), limits) {}

Scheduler::Scheduler(std::vector<SchedulerUnit> units,
                     const std::vector<std::size_t>& device_of_slot,
                     SchedulerLimits limits)
    : limits_(limits),
      policy_(limits),
      units_(units.size()),
      slots_(device_of_slot.size()),
      live_slots_(device_of_slot.size()) {
    for (std::size_t slot = 0; slot < slots_.size(); ++slot) {
        slots_[slot].device = device_of_slot[slot];
        devices_.resize(std::max(devices_.size(), device_of_slot[slot] + 1));
        devices_[device_of_slot[slot]].slots.push_back(slot);
    }
    number_inputs(units);
    link_dependencies(units);
}

// Equal sets of inputs get one number.
void Scheduler::number_inputs(std::vector<SchedulerUnit>& units) {
    std::map<std::vector<std::uint32_t>, std::uint32_t> numbers = {{{}, 0}};
    for (std::size_t unit = 0; unit < units.size(); ++unit) {
        const auto next = static_cast<std::uint32_t>(input_sets_.size());
        const auto [found, is_new] = numbers.emplace(std::move(units[unit].inputs), next);
        if (is_new) {
            input_sets_.push_back(found->first);
        }
        units_[unit].inputs = found->second;
    }
}

void Scheduler::link_dependencies(std::vector<SchedulerUnit>& units) {
    std::vector<std::size_t> unmet(units.size());
    std::vector<std::size_t> open;
    for (std::size_t index = 0; index < units.size(); ++index) {
        Unit& unit = units_[index];
        unit.attempt = units[index].attempts_before;
        unit.expected = units[index].expected_seconds;
        unit.share_to_checkpoint = static_cast<float>(units[index].share_to_checkpoint);
        unit.checkpoint_interval_s = static_cast<float>(units[index].checkpoint_interval_s);
        unit.seed_rank = units[index].seed_rank;
        unit.needs = std::move(units[index].depends_on);
        for (const std::size_t needed : unit.needs) {
            if (needed >= units.size()) {
                throw std::invalid_argument("unit " + std::to_string(index) + " depends on unit " +
                                            std::to_string(needed) + ", which does not exist");
            }
            units_[needed].dependants.push_back(index);
        }
        unmet[index] = unit.needs.size();
        unit.unmet = static_cast<std::uint32_t>(unit.needs.size());
        if (unmet[index] == 0) {
            open.push_back(index);
        }
    }
    const std::size_t roots = open.size();
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
    for (std::size_t next = 0; next < roots; ++next) {
        enqueue(open[next]);
    }
}

std::vector<SchedulerAction> Scheduler::handle(const SchedulerEvent& event) {
    Actions actions;
    std::visit([&](const auto& body) { on(body, actions); }, event);
    if (!std::holds_alternative<UnitProgressed>(event)) {
        dispatch(actions);
    }
    return actions;
}

bool Scheduler::is_current(std::size_t slot, std::size_t unit, std::uint32_t attempt) const {
    return slot < slots_.size() && unit < units_.size() && units_[unit].state == UnitState::Held &&
           units_[unit].slot == slot && units_[unit].attempt == attempt;
}

bool Scheduler::gpu_is_shared(std::size_t slot) const {
    const std::vector<std::size_t>& sharing = devices_[slots_[slot].device].slots;
    return std::count_if(sharing.begin(), sharing.end(), [&](std::size_t other) {
               return slots_[other].state != SlotState::Gone;
           }) > 1;
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
    slot.inputs = 0;  // the fresh child holds no features
    index_slot(event.slot);
    if (event.attempt == 0 || !is_current(event.slot, event.unit, event.attempt)) {
        return;
    }
    end_attempt(
        event.unit, policy_.on_child_lost(event, slot.reached, gpu_is_shared(event.slot)), actions);
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
            end_attempt(unit, policy_.on_lost(unit, slot.reached, "its slot was lost"), actions);
        } else {
            return_to_queue(unit, actions);
        }
    }
    index_slot(event.slot);
}

void Scheduler::on(const UnitStarted& event, Actions& actions) {
    if (!is_current(event.slot, event.unit, event.attempt) || units_[event.unit].running) {
        return;
    }
    Unit& unit = units_[event.unit];
    behind_long_.erase(unit.key);
    forget_fetch(event.unit);
    unit.running = true;
    withdrawing_ -= unit.withdrawing ? 1 : 0;  // the request came too late
    unit.withdrawing = false;
    slots_[event.slot].reached = {};
    index_slot(event.slot);
    actions.emplace_back(NoteStart{event.slot, event.unit, event.attempt});
    if (unit.cancelling) {
        actions.emplace_back(CancelUnit{event.slot, event.unit, event.attempt});
    }
}

void Scheduler::on(const UnitProgressed& event, Actions&) {
    if (is_current(event.slot, event.unit, event.attempt) && units_[event.unit].running) {
        Position& reached = slots_[event.slot].reached;
        reached = std::max(reached, Position{event.task, event.epoch});
    }
}

void Scheduler::on(const UnitFinished& event, Actions& actions) {
    if (!is_current(event.slot, event.unit, event.attempt)) {
        return;
    }
    take_from_slot(event.unit);
    units_[event.unit].state = UnitState::Finished;
    ++finished_;
    for (const std::size_t dependant : units_[event.unit].dependants) {
        Unit& waiting = units_[dependant];
        if (--waiting.unmet == 0 && waiting.state == UnitState::Blocked) {
            enqueue(dependant);
        }
    }
    actions.emplace_back(Complete{event.slot, event.unit, event.attempt});
}

void Scheduler::on(const UnitFailed& event, Actions& actions) {
    if (!is_current(event.slot, event.unit, event.attempt)) {
        return;
    }
    if (draining_ && event.kind == FailureKind::Stopped) {  // as it was told
        end_attempt(event.unit, {false, false, event.kind, event.message}, actions);
        return;
    }
    end_attempt(
        event.unit,
        policy_.on_failed(event, slots_[event.slot].reached, gpu_is_shared(event.slot), finished_),
        actions);
}

void Scheduler::on(const UnitReturned& event, Actions& actions) {
    if (is_current(event.slot, event.unit, event.attempt) && !units_[event.unit].running) {
        return_to_queue(event.unit, actions);
    }
}

void Scheduler::on(const DrainRequested&, Actions&) {
    draining_ = true;
    index_all_slots();
}

// A unit that never started, so that no report of it can be under way.
void Scheduler::return_to_queue(std::size_t index, Actions& actions) {
    Unit& unit = units_[index];
    const std::size_t slot = unit.slot;
    const bool cancelled = unit.cancelling;
    take_from_slot(index);
    unit.attempt -= slots_[slot].state == SlotState::Gone ? 0 : 1;
    if (cancelled) {
        give_up({slot, index, 0, FailureKind::Cancelled, "cancelled on request", index}, actions);
    } else {
        enqueue(index);
    }
}

// The caller decides what the unit is afterwards.
void Scheduler::take_from_slot(std::size_t index) {
    Unit& unit = units_[index];
    behind_long_.erase(unit.key);
    forget_fetch(index);
    release_device(index);
    std::deque<std::size_t>& held = slots_[unit.slot].units;
    held.erase(std::find(held.begin(), held.end(), index));
    --held_;
    withdrawing_ -= unit.withdrawing ? 1 : 0;
    unit.withdrawing = unit.running = unit.cancelling = unit.retry_after_cancel = false;
    unit.state = UnitState::Blocked;
    index_slot(unit.slot);
}

void Scheduler::end_attempt(std::size_t index, const RetryDecision& decision, Actions& actions) {
    Unit& unit = units_[index];
    const bool cancelled = unit.cancelling;
    const bool wanted_again = unit.retry_after_cancel;
    const std::size_t slot = unit.slot;
    take_from_slot(index);
    unit.alone = unit.alone || decision.alone;
    if (wanted_again) {
        policy_.forget(index);
        enqueue(index);
        actions.emplace_back(Retry{slot,
                                   index,
                                   unit.attempt,
                                   FailureKind::Cancelled,
                                   "cancelled on request, and wanted again since"});
    } else if (cancelled) {
        give_up({slot, index, unit.attempt, FailureKind::Cancelled, "cancelled on request", index},
                actions);
    } else if (decision.give_up) {
        give_up({slot, index, unit.attempt, decision.kind, decision.reason, index}, actions);
    } else {
        enqueue(index);
        actions.emplace_back(Retry{slot, index, unit.attempt, decision.kind, decision.reason});
    }
}

// For a unit that is in no queue and at no slot.
void Scheduler::give_up(GiveUp verdict, Actions& actions) {
    const std::string reason = verdict.reason;
    const std::size_t cause = verdict.unit;
    if (limits_.fail_fast && verdict.kind != FailureKind::Cancelled && !draining_) {
        draining_ = true;
        index_all_slots();
    }
    std::vector<std::size_t> affected = {verdict.unit};
    units_[verdict.unit].state = UnitState::Failed;
    units_[verdict.unit].failed_by_need = false;
    ++failed_;
    actions.emplace_back(std::move(verdict));
    for (std::size_t next = 0; next < affected.size(); ++next) {
        for (const std::size_t dependant : units_[affected[next]].dependants) {
            if (units_[dependant].state == UnitState::Blocked) {
                units_[dependant].state = UnitState::Failed;
                units_[dependant].failed_by_need = true;
                ++failed_;
                affected.push_back(dependant);
                actions.emplace_back(
                    GiveUp{0, dependant, 0, FailureKind::Dependency, reason, cause});
            }
        }
    }
}

}  // namespace harrow::coordinator
