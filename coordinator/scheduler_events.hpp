#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <variant>
#include <vector>

#include "coordinator/messages.hpp"

/// What the scheduler is told and what it answers.
namespace harrow::coordinator {

/// In which order units that may run are sent. An extraction goes before the best training that
/// waits for it; of several, the one with more dependants first.
enum class Order {
    Breadth,  ///< every cell's first seeds early; among equal seed ranks, longest expected first
    Longest,  ///< longest expected first
    File      ///< by unit number
};

struct SchedulerUnit {
    std::vector<std::size_t> depends_on;  ///< lower or higher numbers; no cycles
    std::uint32_t attempts_before = 0;
    double expected_seconds = 1.0;  ///< to its end, > 0
    /// Something of it is kept (a checkpoint or the end) after this share of `expected_seconds`,
    /// (0, 1], or after `checkpoint_interval_s`, whichever is less.
    double share_to_checkpoint = 1.0;
    double checkpoint_interval_s = std::numeric_limits<double>::infinity();  ///< > 0
    std::uint32_t seed_rank = 0;             ///< place of its seed among its cell's seeds
    std::vector<std::uint32_t> inputs = {};  ///< ascending numbers of the feature files it reads
};

struct SchedulerLimits {
    std::uint32_t max_lost_workers = 10;     ///< per unit, in a row without getting further
    std::uint32_t max_same_crashes = 3;      ///< per unit and task, with one signal or exit code
    std::uint32_t max_storage_failures = 3;  ///< of one unit, for other reasons than a full disk
    std::uint32_t max_full_disk = 10;        ///< failures of one unit, while others succeed
    bool fail_fast = false;
    Order order = Order::Breadth;
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
    bool out_of_memory = false;  ///< the kernel or the limit on its memory ended it
};
/// The slot is gone for good, with everything it held.
struct SlotGone {
    std::size_t slot = 0;
};
struct UnitStarted {
    std::size_t slot = 0, unit = 0;
    std::uint32_t attempt = 0;
};
/// How far the attempt is: task and epoch (of an extraction: 0 and images). A position that is not
/// beyond the attempt's last one is ignored.
struct UnitProgressed {
    std::size_t slot = 0, unit = 0;
    std::uint32_t attempt = 0;
    std::int64_t task = 0, epoch = 0;
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
    bool no_room = false;  ///< kind Storage: the disk or a quota is full
};
struct UnitReturned {
    std::size_t slot = 0, unit = 0;
    std::uint32_t attempt = 0;
};
/// No new work; what waits at slots is taken back.
struct DrainRequested {};
/// The user takes the unit out. What runs is told to end and is given up when it does, unless it
/// finishes first; a unit that has ended is left alone.
struct CancelRequested {
    std::size_t unit = 0;
};
/// A failed unit, what it needs that failed, and what failed because of it, may run again with
/// fresh counters. A unit that is being taken out stays in the run: what runs of it ends, and the
/// next attempt follows.
struct RetryRequested {
    std::size_t unit = 0;
};
/// While true nothing is sent and what waits at slots is taken back; what runs goes on.
struct DispatchPaused {
    bool paused = true;
};
/// Seconds until the time limit. A unit that would keep nothing within them is not sent.
struct TimeLeft {
    double seconds = std::numeric_limits<double>::infinity();
};
/// New expected seconds, by unit. Costs O(units log units).
struct EstimatesChanged {
    std::vector<double> expected_seconds;
};

using SchedulerEvent = std::variant<SlotReady,
                                    SlotChildLost,
                                    SlotGone,
                                    UnitStarted,
                                    UnitProgressed,
                                    UnitFinished,
                                    UnitFailed,
                                    UnitReturned,
                                    DrainRequested,
                                    CancelRequested,
                                    RetryRequested,
                                    DispatchPaused,
                                    TimeLeft,
                                    EstimatesChanged>;

// ---- actions ------------------------------------------------------------------------------------
struct AssignUnit {
    std::size_t slot = 0, unit = 0;
    std::uint32_t attempt = 0;
};
struct WithdrawUnit {
    std::size_t slot = 0, unit = 0;
    std::uint32_t attempt = 0;
};
/// The unit that runs shall end and keep nothing.
struct CancelUnit {
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
/// The unit failed for good. attempt 0: it was at no slot, because `cause`, which it needs, failed
/// or (kind Cancelled) because the user took it out.
struct GiveUp {
    std::size_t slot = 0, unit = 0;
    std::uint32_t attempt = 0;
    FailureKind kind = FailureKind::Internal;
    std::string reason;
    std::size_t cause = 0;  ///< the unit itself, but for kind Dependency
};
/// A unit that was given up is part of the run again.
struct Revive {
    std::size_t unit = 0;
};

using SchedulerAction =
    std::variant<AssignUnit, WithdrawUnit, CancelUnit, NoteStart, Complete, Retry, GiveUp, Revive>;

}  // namespace harrow::coordinator
