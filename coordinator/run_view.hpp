#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <vector>

#include "coordinator/run_estimates.hpp"
#include "coordinator/run_loop.hpp"

namespace harrow::coordinator {

/// Who runs what, and how much is done: what the display shows of a run. The caller gives the time.
class RunView {
public:
    using Clock = std::chrono::steady_clock;

    RunView(const RunPlan& plan, std::vector<SlotPlace> places, Clock::time_point now);

    const SlotPlace& place(std::size_t slot) const { return places_[slot]; }
    std::size_t slots() const { return places_.size(); }
    bool runs(std::size_t slot, std::size_t unit) const { return running_[slot].unit == unit; }

    void set_state(std::size_t slot, SlotSnapshot::State state);
    void note_start(std::size_t slot, std::size_t unit, Clock::time_point now);
    void note_progress(std::size_t slot, const Progress& progress);
    void note_end(std::size_t slot, std::size_t unit);
    void count_finished(std::size_t unit, double seconds);
    void count_failed(std::size_t unit);
    void count_revived(std::size_t unit);  ///< a failed one will be tried again
    void set_stopping(StopLevel level);

    /// As RunEstimates::refresh.
    std::optional<std::vector<double>> refresh_estimates(Clock::time_point now);
    RunSnapshot take(Clock::time_point now) const;
    std::size_t units_running() const;
    /// Until the last running unit is done at its present pace; empty while one of them shows none.
    std::optional<std::chrono::seconds> time_to_finish(Clock::time_point now) const;

private:
    struct Running {
        std::optional<std::size_t> unit;
        Clock::time_point since;
    };

    const RunPlan& plan_;
    std::vector<SlotPlace> places_;
    std::vector<Running> running_;  ///< by slot
    RunSnapshot snapshot_;
    RunEstimates estimates_;
    Clock::time_point started_;
};

}  // namespace harrow::coordinator
