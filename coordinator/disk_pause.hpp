#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "coordinator/run_loop.hpp"

namespace harrow::coordinator {

/// What a run does while a disk is full: what happened waits in memory until it can be made
/// durable, nothing new is sent out, running work goes on. The caller gives the time.
class DiskPause {
public:
    using Clock = std::chrono::steady_clock;

    /// Both must outlive this object.
    DiskPause(RunObserver& observer, const RunLimits& limits)
        : observer_(observer), limits_(limits) {}

    /// Something was queued for the journal.
    void mark() { pending_ = true; }
    bool is_pending() const { return pending_; }
    /// Makes what is queued durable, unless a try failed less than `disk_retry` ago. True when
    /// nothing is pending any more.
    bool settle(Clock::time_point now);
    /// The same without waiting, at the end of a run.
    bool settle_at_last();
    bool journal_is_full() const { return journal_full_since_.has_value(); }

    /// A worker found no room. True when dispatch must pause from now on.
    bool worker_ran_out(const std::string& message, Clock::time_point now);
    /// True once there is room again after worker_ran_out(): dispatch may go on.
    bool room_returned(Clock::time_point now);
    /// A unit finished or kept a checkpoint: workers can write.
    void note_success();

    /// No room for longer than `disk_wait`.
    bool gave_up(Clock::time_point now) const;

private:
    RunObserver& observer_;
    const RunLimits& limits_;
    bool pending_ = false;
    bool workers_paused_ = false;
    std::optional<Clock::time_point> journal_full_since_;
    std::optional<Clock::time_point> workers_full_since_;  ///< over several pauses
    std::optional<Clock::time_point> room_since_;          ///< the end of the last pause
    Clock::time_point next_commit_, next_look_;
};

}  // namespace harrow::coordinator
