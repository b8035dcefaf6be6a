#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "coordinator/messages.hpp"

/// Decides what runs where. A pure state machine: events in, actions out; no clock, file or socket.
namespace harrow::coordinator {

struct SchedulerUnit {
    std::vector<std::size_t> depends_on;  ///< lower or higher numbers; no cycles
    std::uint32_t attempts_before = 0;
};

struct SchedulerLimits {
    std::uint32_t max_lost_workers = 10;  ///< per unit
    std::uint32_t max_same_crashes = 3;   ///< per unit, with one signal (not KILL) or exit code
    std::uint32_t max_storage_failures = 3;
    bool fail_fast = false;
};

// ---- events; `slot` and `unit` are numbers below those given to the constructor -----------------
struct SlotReady {
    std::size_t slot = 0;
};
/// The slot's child died. attempt 0: it held no unit. Units that wait at the slot stay there.
struct SlotChildLost {
    std::size_t slot = 0, unit = 0;
    std::uint32_t attempt = 0;
    int signal = 0, exit_code = 0;
    std::string reason;
};
/// The slot is gone for good, with everything it held.
struct SlotGone {
    std::size_t slot = 0;
};
struct UnitStarted {
    std::size_t slot = 0, unit = 0;
    std::uint32_t attempt = 0;
};
struct UnitFinished {
    std::size_t slot = 0, unit = 0;
    std::uint32_t attempt = 0;
};
struct UnitFailed {
    std::size_t slot = 0, unit = 0;
    std::uint32_t attempt = 0;
    FailureKind kind = FailureKind::Internal;
    std::string message;
};
struct UnitReturned {
    std::size_t slot = 0, unit = 0;
    std::uint32_t attempt = 0;
};
/// No new work; what waits at slots is taken back.
struct DrainRequested {};

using SchedulerEvent = std::variant<SlotReady,
                                    SlotChildLost,
                                    SlotGone,
                                    UnitStarted,
                                    UnitFinished,
                                    UnitFailed,
                                    UnitReturned,
                                    DrainRequested>;

// ---- actions ------------------------------------------------------------------------------------
struct AssignUnit {
    std::size_t slot = 0, unit = 0;
    std::uint32_t attempt = 0;
};
struct WithdrawUnit {
    std::size_t slot = 0, unit = 0;
    std::uint32_t attempt = 0;
};
/// The unit runs now.
struct NoteStart {
    std::size_t slot = 0, unit = 0;
    std::uint32_t attempt = 0;
};
/// The unit is finished; said once per unit.
struct Complete {
    std::size_t slot = 0, unit = 0;
    std::uint32_t attempt = 0;
};
/// This attempt failed; the unit will be tried again.
struct Retry {
    std::size_t slot = 0, unit = 0;
    std::uint32_t attempt = 0;
    FailureKind kind = FailureKind::Lost;
    std::string reason;
};
/// The unit failed for good. attempt 0: it never ran, because `cause`, which it needs, failed.
struct GiveUp {
    std::size_t slot = 0, unit = 0;
    std::uint32_t attempt = 0;
    FailureKind kind = FailureKind::Internal;
    std::string reason;
    std::size_t cause = 0;  ///< the unit itself, unless attempt is 0
};

using SchedulerAction = std::variant<AssignUnit, WithdrawUnit, NoteStart, Complete, Retry, GiveUp>;

/// A unit runs at most at one slot at a time. Reports whose attempt is not the unit's current one,
/// or that come from a slot that does not hold the unit, are stale and ignored. Ready units go out
/// in order of their number; a slot holds the unit that runs and one behind it, the latter only
/// while no slot is idle: otherwise it is taken back for the idle one.
class Scheduler {
public:
    /// Throws std::invalid_argument when dependencies do not exist or form a cycle.
    Scheduler(std::vector<SchedulerUnit> units, std::size_t slots, SchedulerLimits limits = {});

    std::vector<SchedulerAction> handle(const SchedulerEvent& event);

    std::size_t finished() const { return finished_; }
    std::size_t failed() const { return failed_; }
    /// Units at slots, running or waiting there.
    std::size_t held() const { return held_; }
    bool all_ended() const { return finished_ + failed_ == units_.size(); }
    /// No unit is at a slot and none will be sent: ended, drained or out of slots.
    bool is_idle() const { return held_ == 0 && (all_ended() || draining_ || live_slots_ == 0); }
    std::size_t live_slots() const { return live_slots_; }
    bool draining() const { return draining_; }

    /// Throws std::logic_error when the state contradicts itself. O(units); for tests.
    void check_invariants() const;

private:
    enum class UnitState { Blocked, Ready, Held, Finished, Failed };
    enum class SlotState { Starting, Ready, Gone };
    struct Unit {
        UnitState state = UnitState::Blocked;
        std::vector<std::size_t> dependants;
        std::size_t unmet = 0;  ///< dependencies that have not finished
        std::size_t slot = 0;   ///< when Held
        bool running = false;   ///< when Held
        bool withdrawing = false;
        std::uint32_t attempt = 0;
        std::uint32_t lost_workers = 0, storage_failures = 0;
        std::map<std::pair<int, int>, std::uint32_t> crashes;  ///< by signal and exit code
    };
    struct Slot {
        SlotState state = SlotState::Starting;
        std::deque<std::size_t> units;  ///< in the order they were sent; the first may run
    };
    using Actions = std::vector<SchedulerAction>;

    void on(const SlotReady& event, Actions& actions);
    void on(const SlotChildLost& event, Actions& actions);
    void on(const SlotGone& event, Actions& actions);
    void on(const UnitStarted& event, Actions& actions);
    void on(const UnitFinished& event, Actions& actions);
    void on(const UnitFailed& event, Actions& actions);
    void on(const UnitReturned& event, Actions& actions);
    void on(const DrainRequested& event, Actions& actions);

    bool is_current(std::size_t slot, std::size_t unit, std::uint32_t attempt) const;
    void link_dependencies(const std::vector<SchedulerUnit>& units);
    void take_from_slot(std::size_t unit);
    void fail_attempt(Retry failure, bool is_last, Actions& actions);
    void give_up(GiveUp verdict, Actions& actions);
    void dispatch(Actions& actions);
    void assign(std::size_t slot, Actions& actions);
    void take_back_waiting(std::size_t at_most, Actions& actions);
    void index_slot(std::size_t slot);

    SchedulerLimits limits_;
    std::vector<Unit> units_;
    std::vector<Slot> slots_;
    std::set<std::size_t> ready_;   ///< units that may be sent
    std::set<std::size_t> idle_;    ///< ready slots that hold nothing
    std::set<std::size_t> single_;  ///< ready slots that hold one unit
    std::size_t finished_ = 0, failed_ = 0, held_ = 0, live_slots_ = 0, withdrawing_ = 0;
    bool draining_ = false;
};

}  // namespace harrow::coordinator
