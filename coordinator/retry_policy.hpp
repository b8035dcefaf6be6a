#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <tuple>

#include "coordinator/scheduler_events.hpp"

namespace harrow::coordinator {

/// How far an attempt got; compared by task, then by epoch. Nothing was done at {0, 0}.
struct Position {
    std::int64_t task = 0, epoch = 0;

    bool operator<(const Position& other) const {
        return std::tie(task, epoch) < std::tie(other.task, other.epoch);
    }
};

/// What follows from a failed attempt.
struct RetryDecision {
    bool give_up = false;
    bool alone = false;  ///< the next attempt wants its GPU for itself
    FailureKind kind = FailureKind::Lost;
    std::string reason;
};

/// Which failed attempts are followed by another. Pure; remembers only units that failed.
/// - infrastructure (a lost worker, slot or node; stopped from outside): always while an attempt
///   got further than all before it, else `max_lost_workers` in a row;
/// - a crash: as above, but `max_same_crashes` at one task with one signal other than SIGKILL, or
///   with one exit code, are the unit's own fault;
/// - out of memory: the unit's own fault, but once it may try alone on a GPU that slots share;
/// - storage: `max_storage_failures` in all; a full disk refuses all units alike, so that it counts
///   only when other units succeeded since, up to `max_full_disk`;
/// - everything else: never.
class RetryPolicy {
public:
    explicit RetryPolicy(const SchedulerLimits& limits) : limits_(limits) {}

    RetryDecision on_lost(std::size_t unit, Position reached, const std::string& reason);
    RetryDecision on_child_lost(const SlotChildLost& event, Position reached, bool gpu_is_shared);
    /// `successes`: units that have finished so far.
    RetryDecision on_failed(const UnitFailed& event,
                            Position reached,
                            bool gpu_is_shared,
                            std::size_t successes);
    /// Starts its counters anew.
    void forget(std::size_t unit) { histories_.erase(unit); }

private:
    struct History {
        Position furthest;
        std::uint32_t without_progress = 0;
        std::map<std::tuple<std::int64_t, int, int>, std::uint32_t>
            crashes;  ///< task, signal, exit
        bool tried_alone = false;
        std::uint32_t storage_failures = 0, full_disk = 0;
        std::size_t successes_then = 0;  ///< when the disk was full the last time
    };

    RetryDecision on_out_of_memory(std::size_t unit, const std::string& reason, bool gpu_is_shared);

    SchedulerLimits limits_;
    std::map<std::size_t, History> histories_;
};

}  // namespace harrow::coordinator
