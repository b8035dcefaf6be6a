#include <stdexcept>
#include <string>

#include "coordinator/scheduler.hpp"

namespace harrow::coordinator {
namespace {

void require(bool holds, const char* what) {
    if (!holds) {
        throw std::logic_error(std::string("scheduler: ") + what);
    }
}

}  // namespace

void Scheduler::check_invariants() const {
    check_units();
    check_slots();
    require(closed() || (ready_.empty() || open_.empty()), "a slot starves");
    for (const auto& [unit, device] : reservations_) {
        require(devices_[device].reserved_for == unit, "device and unit disagree");
        for (const std::size_t slot : devices_[device].slots) {
            for (const std::size_t other : slots_[slot].units) {
                require(units_[unit].state != UnitState::Held || other == unit,
                        "a unit that wants its device alone shares it");
            }
        }
    }
    for (const auto& [unit, slot] : fetched_for_) {
        require(units_[unit].withdrawing && slots_[slot].awaits, "a fetch that nobody awaits");
    }
}

void Scheduler::check_units() const {
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
        const std::size_t queues =
            ready_.count(unit.key) + lone_.count(index) + parked_.count(index);
        require(unit.state != UnitState::Ready || queues == 1, "a ready unit is in no queue");
        require(unit.state == UnitState::Ready || lone_.count(index) + parked_.count(index) == 0,
                "a unit that is not ready is in a queue");
        require(unit.state == UnitState::Held ||
                    (!unit.running && !unit.withdrawing && !unit.cancelling),
                "a unit at no slot runs");
        require(!unit.retry_after_cancel || (unit.running && unit.cancelling),
                "a unit that is not being cancelled waits for its end");
        require(unit.state != UnitState::Ready || unit.unmet == 0, "a blocked unit is ready");
        require(unit.state != UnitState::Blocked || unit.unmet > 0, "a unit is forgotten");
        std::size_t unmet = 0;
        for (const std::size_t needed : unit.needs) {
            unmet += units_[needed].state != UnitState::Finished ? 1 : 0;
            require(units_[needed].state != UnitState::Failed || unit.state == UnitState::Failed,
                    "what it needs failed");
        }
        require(unmet == unit.unmet, "count of what it needs");
    }
    require(finished == finished_ && failed == failed_ && held == held_, "counts");
    require(withdrawing == withdrawing_, "count of withdrawals");
    for (const Key& key : ready_) {
        require(units_[key.unit].state == UnitState::Ready, "ready set");
    }
    for (const Key& key : behind_long_) {
        require(units_[key.unit].state == UnitState::Held && !units_[key.unit].running &&
                    !units_[key.unit].withdrawing,
                "set of waiting units");
    }
}

void Scheduler::check_slots() const {
    std::size_t at_slots = 0;
    std::size_t live = 0;
    std::size_t idle = 0;
    for (std::size_t index = 0; index < slots_.size(); ++index) {
        const Slot& slot = slots_[index];
        live += slot.state != SlotState::Gone ? 1 : 0;
        idle += slot.open && slot.units.empty() ? 1 : 0;
        require(slot.units.size() <= 64, "a slot holds too much");
        require(slot.state != SlotState::Gone || slot.units.empty(), "a lost slot holds a unit");
        require(slot.open == has_room(slot), "set of open slots");
        require(!slot.open || open_.count({slot.level, index}) == 1, "set of open slots");
        require(slot.spare == 0 || loaded_.count({slot.spare, index}) == 1, "set of loaded slots");
        std::size_t spare = 0;
        for (std::size_t place = 0; place < slot.units.size(); ++place) {
            const std::size_t unit = slot.units[place];
            require(units_[unit].state == UnitState::Held && units_[unit].slot == index,
                    "slot and unit disagree");
            require(!units_[unit].running || place == 0, "two units run at a slot");
            spare += may_take_back(slot, place) ? 1 : 0;
            ++at_slots;
        }
        require(spare == slot.spare, "count of units that may be taken back");
        require(closed() || idle_ <= withdrawing_ || loaded_.empty(), "a slot waits for no reason");
    }
    require(idle == idle_, "count of idle slots");
    require(at_slots == held_, "a unit is held twice");
    require(live == live_slots_, "count of slots");
}

}  // namespace harrow::coordinator
