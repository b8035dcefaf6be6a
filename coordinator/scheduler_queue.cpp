#include <algorithm>
#include <cstdint>

#include "coordinator/scheduler.hpp"

/// Which unit is next.
namespace harrow::coordinator {
namespace {

constexpr std::size_t kLookAhead = 16;      // units considered for what a slot holds
constexpr std::uint8_t kMaxPassedOver = 8;  // after that a unit takes its turn
constexpr double kAboutEqual = 0.9;         // of the cost that was next

}  // namespace

Scheduler::Key Scheduler::base_key(std::size_t index) const {
    const Unit& unit = units_[index];
    switch (limits_.order) {
        case Order::Breadth:
            return {static_cast<double>(unit.seed_rank), -unit.expected, true, 0, index};
        case Order::Longest:
            return {0.0, -unit.expected, true, 0, index};
        case Order::File:
            return {static_cast<double>(index), 0.0, true, 0, index};
    }
    return {};
}

Scheduler::Key Scheduler::key_of(std::size_t index) const {
    Key best = base_key(index);
    std::size_t waiting = 0;
    for (const std::size_t dependant : units_[index].dependants) {
        if (units_[dependant].state != UnitState::Blocked) {
            continue;
        }
        const Key key = base_key(dependant);
        if (waiting++ == 0 || std::tie(key.major, key.minor) < std::tie(best.major, best.minor)) {
            best.major = key.major;
            best.minor = key.minor;
        }
    }
    best.plain = waiting == 0;
    best.fan_out = waiting;
    return best;
}

void Scheduler::enqueue(std::size_t index) {
    Unit& unit = units_[index];
    unit.state = UnitState::Ready;
    unit.key = key_of(index);
    if (unit.alone) {
        lone_.insert(index);
    } else {
        ready_.insert(unit.key);
    }
}

// From whichever queue it is in, if any.
void Scheduler::dequeue(std::size_t index) {
    if (units_[index].state == UnitState::Ready) {
        ready_.erase(units_[index].key);
        parked_.erase(index);
        if (lone_.erase(index) > 0) {
            release_device(index);
        }
        units_[index].state = UnitState::Blocked;
    }
}

bool Scheduler::fits(std::size_t index) const {
    const Unit& unit = units_[index];
    const double to_checkpoint =
        std::min(unit.expected * static_cast<double>(unit.share_to_checkpoint),
                 static_cast<double>(unit.checkpoint_interval_s));
    return to_checkpoint <= time_left_;
}

// The unit whose turn it is or, of those about equal to it, the one whose inputs the slot holds
// most of. It stays queued.
std::optional<std::size_t> Scheduler::choose(const Slot& slot) {
    while (!ready_.empty() && !fits(ready_.begin()->unit)) {
        parked_.insert(ready_.begin()->unit);
        ready_.erase(ready_.begin());
    }
    if (ready_.empty()) {
        return std::nullopt;
    }
    const Key& first = *ready_.begin();
    Unit& next = units_[first.unit];
    if (slot.inputs == 0 || next.inputs == slot.inputs || next.passed_over >= kMaxPassedOver) {
        return first.unit;
    }
    std::size_t best = first.unit;
    std::size_t most = shared_inputs(slot.inputs, next.inputs);
    auto other = std::next(ready_.begin());
    for (std::size_t looked = 0; looked < kLookAhead && other != ready_.end(); ++looked, ++other) {
        if (other->major != first.major || other->plain != first.plain ||
            units_[other->unit].expected < kAboutEqual * next.expected) {
            break;
        }
        const std::size_t shared = shared_inputs(slot.inputs, units_[other->unit].inputs);
        if (shared > most && fits(other->unit)) {
            most = shared;
            best = other->unit;
        }
    }
    next.passed_over = static_cast<std::uint8_t>(next.passed_over + (best != first.unit ? 1 : 0));
    return best;
}

std::size_t Scheduler::shared_inputs(std::uint32_t one, std::uint32_t other) const {
    const std::vector<std::uint32_t>& left = input_sets_[one];
    const std::vector<std::uint32_t>& right = input_sets_[other];
    if (one == other) {
        return left.size();
    }
    std::size_t count = 0;
    auto at = right.begin();
    for (const std::uint32_t input : left) {
        at = std::lower_bound(at, right.end(), input);
        count += at != right.end() && *at == input ? 1 : 0;
    }
    return count;
}

}  // namespace harrow::coordinator
