#pragma once

#include <chrono>
#include <optional>

#include "coordinator/run_loop.hpp"

namespace harrow::coordinator {

/// When a run ends early: first no new work is started (drain), then children are told to publish
/// a checkpoint and leave, then the run leaves without them. Before an end time the drain takes
/// half of the time there is at most, so that something is started. Pure: the caller gives times
/// and the level that signals ask for.
class RunEnd {
public:
    using Clock = std::chrono::steady_clock;
    using WallClock = std::chrono::system_clock;
    enum class Phase { Run, Drain, StopChildren, Leave };

    /// `wall`: now, by the clock of the end time.
    RunEnd(const RunLimits& limits, WallClock::time_point wall);

    Phase update(StopLevel asked, Clock::time_point now, WallClock::time_point wall);

    /// Nothing that running work does can be recorded: it is told to stop at the next update.
    void skip_drain(Clock::time_point now) { drain_end_ = now; }

    Phase phase() const { return phase_; }
    StopCause cause() const { return cause_; }
    /// When children are told to stop; after the phase Run only.
    Clock::time_point drain_end() const { return drain_end_; }

    /// Kept free before the end time for checkpoints and the last records: a minute, or a tenth of
    /// the time there was when that is less.
    std::chrono::milliseconds margin() const { return margin_; }
    /// Time until children must be told to stop; empty without an end time.
    std::optional<std::chrono::milliseconds> work_time_left(WallClock::time_point wall) const;

private:
    const RunLimits& limits_;
    Phase phase_ = Phase::Run;
    StopCause cause_ = StopCause::None;
    std::chrono::milliseconds margin_{0};
    std::chrono::milliseconds drain_{0};  ///< before an end time
    Clock::time_point drain_end_, stop_end_;
};

}  // namespace harrow::coordinator
