#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "coordinator/disk_pause.hpp"
#include "coordinator/run_end.hpp"
#include "coordinator/run_loop.hpp"
#include "coordinator/run_view.hpp"
#include "coordinator/scheduler.hpp"

namespace harrow::coordinator {

/// One run of the loop behind run_units(): what slots report becomes events of the scheduler, its
/// actions become records and orders. Its parts: run_loop.cpp, run_events.cpp, run_actions.cpp.
class RunEngine {
public:
    using Clock = std::chrono::steady_clock;
    using WallClock = std::chrono::system_clock;

    /// All must outlive this object.
    RunEngine(const RunPlan& plan,
              Transport& transport,
              RunObserver& observer,
              const RunLimits& limits,
              std::vector<SlotPlace> places);

    RunOutcome run();

private:
    bool has_more_to_do() const;
    void step(std::chrono::milliseconds timeout);
    /// Orders leave after everything they follow from is durable.
    void settle();
    /// What need not be done more than once a second.
    void slow_step();
    /// True when the loop must not go on.
    bool is_over();
    void begin_drain(Clock::time_point now);
    void tick_if_due();
    void tick();
    RunOutcome outcome() const;
    std::string reason_to_stop(const RunOutcome& outcome) const;

    // Events: run_events.cpp.
    void on(std::size_t slot, const Ready& ready);
    void on(std::size_t slot, const Started& started);
    void on(std::size_t slot, const Progress& progress);
    void on(std::size_t slot, const Checkpointed& report);
    void on(std::size_t slot, const Resumed& report);
    void on(std::size_t slot, const Finished& finished);
    void on(std::size_t slot, const Failed& failed);
    void on(std::size_t slot, const Returned& returned);
    void on(std::size_t slot, const ChildLost& lost);
    void on(std::size_t slot, const Quarantined& quarantined);
    void on(std::size_t, const Heartbeat&) {}
    void on(std::size_t, const RankHello&) {}
    void on(std::size_t, const RankPulse&) {}
    void on(std::size_t, const RankBye&) {}
    void on_rank_lost(const RankLost& lost);
    void lose_slot(std::size_t slot);

    // Actions: run_actions.cpp. `child`: what is known of a lost child beyond the event.
    void apply(const SchedulerEvent& event, const ChildLost& child = {});
    void send_orders();
    void note_start(const NoteStart& start);
    void record(const Complete& complete);
    void record_failure(const GiveUp& verdict, bool is_final, const ChildLost& child);

    /// Of a unit that was given up, but not by its user.
    struct FinalFailure {
        std::size_t number = 0;  ///< in the order of time
        bool is_infrastructure = false;
        std::string message;
    };

    const RunPlan& plan_;
    Transport& transport_;
    RunObserver& observer_;
    const RunLimits& limits_;
    Scheduler scheduler_;
    RunView view_;
    RunEnd end_;
    DiskPause disk_;
    std::vector<SchedulerAction> orders_;
    WorkResult result_;  // of the Finished being handled
    bool ended_ = false;
    bool no_room_left_ = false;
    bool anything_started_ = false;
    std::map<std::size_t, FinalFailure> failures_;  ///< by unit; of those that failed still
    std::size_t last_failure_ = 0;                  ///< number
    std::string last_loss_;
    std::set<std::string> warned_;
    Clock::time_point last_tick_;
    Clock::time_point last_slow_step_;
};

}  // namespace harrow::coordinator
