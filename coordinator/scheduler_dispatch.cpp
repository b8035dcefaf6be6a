#include <algorithm>
#include <limits>

#include "coordinator/scheduler.hpp"

/// Which slot gets a unit, and what is taken back.
namespace harrow::coordinator {
namespace {

constexpr std::size_t kMinUnits = 2;    // one runs, one waits
constexpr std::size_t kMaxUnits = 64;   // as many as a supervisor queues
constexpr double kAheadSeconds = 5e-3;  // of expected work that waits
constexpr double kLongSeconds = 0.1;    // waiting behind less is never worth a message
constexpr double kMuchLonger = 1.1;     // expected costs that differ by less are about equal
constexpr std::size_t kLookedAt = 8;    // waiting units considered for a slot

}  // namespace

void Scheduler::dispatch(Actions& actions) {
    if (closed()) {
        take_back_waiting(std::numeric_limits<std::size_t>::max(), actions);
        return;
    }
    place_lone_units(actions);
    while (!open_.empty()) {
        const std::size_t slot = open_.begin()->second;
        const std::optional<std::size_t> unit = choose(slots_[slot]);
        if (!unit) {
            break;
        }
        if (!fetch_better_work(slot, *unit, actions)) {
            assign(slot, *unit, actions);
        }
    }
    if (idle_ > withdrawing_) {
        take_back_waiting(idle_ - withdrawing_, actions);
    }
}

void Scheduler::assign(std::size_t slot_index, std::size_t index, Actions& actions) {
    Unit& unit = units_[index];
    Slot& slot = slots_[slot_index];
    ready_.erase(unit.key);
    lone_.erase(index);
    unit.state = UnitState::Held;
    unit.slot = static_cast<std::uint32_t>(slot_index);
    ++unit.attempt;
    ++held_;
    if (!slot.units.empty() && units_[slot.units.front()].expected >= kLongSeconds) {
        behind_long_.insert(unit.key);
    }
    slot.units.push_back(index);
    slot.inputs = unit.inputs != 0 ? unit.inputs : slot.inputs;
    index_slot(slot_index);
    actions.emplace_back(AssignUnit{slot_index, index, unit.attempt});
}

// ---- units that run alone on a device -----------------------------------------------------------

void Scheduler::place_lone_units(Actions& actions) {
    const std::set<std::size_t> lone = lone_;
    for (const std::size_t unit : lone) {
        if (!fits(unit)) {
            lone_.erase(unit);
            release_device(unit);
            parked_.insert(unit);
            continue;
        }
        const std::optional<std::size_t> device = reserve_device(unit);
        if (!device) {
            continue;  // another one that has its device may be next
        }
        std::size_t held = 0;
        std::optional<std::size_t> free;
        for (const std::size_t slot : devices_[*device].slots) {
            held += slots_[slot].units.size();
            free = slots_[slot].state == SlotState::Ready ? slot : free;
            const std::deque<std::size_t> waiting = slots_[slot].units;
            for (const std::size_t other : waiting) {
                if (!units_[other].running && !units_[other].withdrawing) {
                    take_back(other, actions);
                }
            }
        }
        if (held == 0 && free) {
            assign(*free, unit, actions);
        }
    }
}

// The live device with the least work that no other unit has for itself; nothing when all are so.
std::optional<std::size_t> Scheduler::reserve_device(std::size_t unit) {
    const auto is_live = [&](std::size_t slot) { return slots_[slot].state != SlotState::Gone; };
    if (const auto found = reservations_.find(unit); found != reservations_.end()) {
        const std::vector<std::size_t>& slots = devices_[found->second].slots;
        if (std::any_of(slots.begin(), slots.end(), is_live)) {
            return found->second;
        }
        release_device(unit);
    }
    std::optional<std::size_t> best;
    std::size_t least = std::numeric_limits<std::size_t>::max();
    for (std::size_t device = 0; device < devices_.size(); ++device) {
        const std::vector<std::size_t>& slots = devices_[device].slots;
        std::size_t held = 0;
        for (const std::size_t slot : slots) {
            held += slots_[slot].units.size();
        }
        if (!devices_[device].reserved_for && held < least &&
            std::any_of(slots.begin(), slots.end(), is_live)) {
            least = held;
            best = device;
        }
    }
    if (best) {
        reservations_[unit] = *best;
        devices_[*best].reserved_for = unit;
        for (const std::size_t slot : devices_[*best].slots) {
            index_slot(slot);
        }
    }
    return best;
}

void Scheduler::release_device(std::size_t unit) {
    const auto found = reservations_.find(unit);
    if (found != reservations_.end()) {
        const std::size_t device = found->second;
        reservations_.erase(found);
        devices_[device].reserved_for.reset();
        for (const std::size_t slot : devices_[device].slots) {
            index_slot(slot);
        }
    }
}

// ---- taking back --------------------------------------------------------------------------------

void Scheduler::take_back(std::size_t index, Actions& actions) {
    Unit& unit = units_[index];
    behind_long_.erase(unit.key);
    unit.withdrawing = true;
    ++withdrawing_;
    actions.emplace_back(WithdrawUnit{unit.slot, index, unit.attempt});
    index_slot(unit.slot);
}

// From the slots with the longest queues, what they would run last.
void Scheduler::take_back_waiting(std::size_t at_most, Actions& actions) {
    for (; at_most > 0 && !loaded_.empty(); --at_most) {
        const Slot& slot = slots_[loaded_.rbegin()->second];
        std::size_t place = slot.units.size();
        while (!may_take_back(slot, --place)) {
        }
        take_back(slot.units[place], actions);
    }
}

// A slot that already has work looks whether much longer (or, by its seed's rank, earlier) work
// than `next` waits where a longer unit runs; if so it asks for that instead.
bool Scheduler::fetch_better_work(std::size_t slot_index, std::size_t next, Actions& actions) {
    Slot& slot = slots_[slot_index];
    if (slot.units.empty() || limits_.order == Order::File || behind_long_.empty()) {
        return false;
    }
    const double own = units_[slot.units.front()].expected;
    const Unit& offered = units_[next];
    std::size_t looked = 0;
    for (const Key& key : behind_long_) {
        const Unit& unit = units_[key.unit];
        const bool better =
            key.major < offered.key.major ||
            (key.major == offered.key.major && unit.expected > kMuchLonger * offered.expected);
        if (!better || ++looked > kLookedAt) {
            return false;
        }
        if (units_[slots_[unit.slot].units.front()].expected > kMuchLonger * own) {
            fetched_for_[key.unit] = slot_index;
            slot.awaits = true;
            index_slot(slot_index);
            take_back(key.unit, actions);
            return true;
        }
    }
    return false;
}

void Scheduler::forget_fetch(std::size_t unit) {
    const auto found = fetched_for_.find(unit);
    if (found != fetched_for_.end()) {
        slots_[found->second].awaits = false;
        index_slot(found->second);
        fetched_for_.erase(found);
    }
}

// Waits behind another unit, at a slot without a child or at a device that is wanted whole; when
// nothing more shall start, whatever has not started.
bool Scheduler::may_take_back(const Slot& slot, std::size_t place) const {
    const Unit& unit = units_[slot.units[place]];
    const bool is_next = place == 0 && slot.state == SlotState::Ready && !closed();
    return !unit.running && !unit.withdrawing && !is_next;
}

// ---- indexes ------------------------------------------------------------------------------------

bool Scheduler::has_room(const Slot& slot) const {
    if (slot.state != SlotState::Ready || slot.awaits || devices_[slot.device].reserved_for) {
        return false;
    }
    if (slot.units.size() < kMinUnits) {
        return true;
    }
    double ahead = 0.0;
    for (std::size_t place = 1; place < slot.units.size(); ++place) {
        ahead += units_[slot.units[place]].expected;
    }
    return slot.units.size() < kMaxUnits && ahead < kAheadSeconds;
}

// Brings open_, idle_ and loaded_ up to date after a change of the slot.
void Scheduler::index_slot(std::size_t index) {
    Slot& slot = slots_[index];
    if (slot.open) {
        open_.erase({slot.level, index});
        idle_ -= slot.level.first == 0 ? 1 : 0;
    }
    slot.open = has_room(slot);
    if (slot.open) {
        const double first = slot.units.empty() ? 0.0 : units_[slot.units.front()].expected;
        slot.level = {slot.units.size(), first};
        open_.insert({slot.level, index});
        idle_ += slot.units.empty() ? 1 : 0;
    }
    std::size_t spare = 0;
    for (std::size_t place = 0; place < slot.units.size(); ++place) {
        spare += may_take_back(slot, place) ? 1 : 0;
    }
    if (spare != slot.spare) {
        loaded_.erase({slot.spare, index});
        if (spare > 0) {
            loaded_.insert({spare, index});
        }
        slot.spare = spare;
    }
}

void Scheduler::index_all_slots() {
    for (std::size_t slot = 0; slot < slots_.size(); ++slot) {
        index_slot(slot);
    }
}

}  // namespace harrow::coordinator
