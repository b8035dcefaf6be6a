#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

#include "coordinator/retry_policy.hpp"
#include "coordinator/scheduler_events.hpp"

/// Decides what runs where. A pure state machine: events in, actions out; no clock, file or socket.
namespace harrow::coordinator {

/// A unit runs at most at one slot at a time. Reports whose attempt is not the unit's current one,
/// or that come from a slot that does not hold the unit, are stale and ignored. A slot holds the
/// unit that runs, one behind it, and as many more (64 in all) as make 5 ms of expected work; what
/// waits behind another is taken back when a slot is idle, or when a slot that is likely to be free
/// earlier would otherwise get much shorter work. Every event costs O(log units + log slots) but
/// for those that say otherwise.
class Scheduler {
public:
    /// Throws std::invalid_argument when dependencies do not exist or form a cycle.
    Scheduler(std::vector<SchedulerUnit> units, std::size_t slots, SchedulerLimits limits = {});
    /// `device_of_slot`: slots with equal numbers share a GPU.
    Scheduler(std::vector<SchedulerUnit> units,
              const std::vector<std::size_t>& device_of_slot,
              SchedulerLimits limits);

    std::vector<SchedulerAction> handle(const SchedulerEvent& event);

    std::size_t finished() const { return finished_; }
    std::size_t failed() const { return failed_; }
    /// Units at slots, running or waiting there.
    std::size_t held() const { return held_; }
    bool all_ended() const { return finished_ + failed_ == units_.size(); }
    /// No unit is at a slot and none will be sent: ended, drained, out of slots or out of time.
    bool is_idle() const {
        return held_ == 0 && (all_ended() || draining_ || live_slots_ == 0 || out_of_time());
    }
    /// Nothing that may run fits into the time that is left, and nothing runs.
    bool out_of_time() const {
        return held_ == 0 && !parked_.empty() && ready_.empty() && lone_.empty();
    }
    std::size_t live_slots() const { return live_slots_; }
    bool draining() const { return draining_; }

    /// Throws std::logic_error when the state contradicts itself. O(units); for tests.
    void check_invariants() const;

private:
    enum class UnitState : std::uint8_t { Blocked, Ready, Held, Finished, Failed };
    enum class SlotState : std::uint8_t { Starting, Ready, Gone };
    /// Smaller goes first.
    struct Key {
        double major = 0, minor = 0;
        bool plain = true;  ///< false: others wait for it
        std::size_t fan_out = 0, unit = 0;

        bool operator<(const Key& other) const {
            return std::tie(major, minor, plain, other.fan_out, unit) <
                   std::tie(other.major, other.minor, other.plain, fan_out, other.unit);
        }
    };
    struct Unit {
        std::vector<std::size_t> needs, dependants;
        Key key;  ///< valid while Ready
        double expected = 1.0;
        float share_to_checkpoint = 1.0F;
        float checkpoint_interval_s = std::numeric_limits<float>::infinity();
        std::uint32_t unmet = 0;  ///< of `needs`, not finished
        std::uint32_t slot = 0;   ///< when Held
        std::uint32_t attempt = 0;
        std::uint32_t seed_rank = 0;
        std::uint32_t inputs = 0;  ///< number of the set it reads; 0: none
        UnitState state = UnitState::Blocked;
        std::uint8_t passed_over = 0;     ///< times another was preferred at its turn
        bool running = false;             ///< when Held
        bool withdrawing = false;         ///< when Held
        bool cancelling = false;          ///< when Held
        bool retry_after_cancel = false;  ///< when Held and cancelling; wanted again since
        bool alone = false;               ///< wants a device for itself
        bool failed_by_need = false;      ///< when Failed
    };
    struct Slot {
        SlotState state = SlotState::Starting;
        std::size_t device = 0;
        std::deque<std::size_t> units;  ///< in the order they were sent; the first may run
        Position reached;               ///< by the attempt that runs
        std::uint32_t inputs = 0;       ///< set that the last unit sent here reads
        bool awaits = false;            ///< a unit is being taken back from elsewhere for it
        // What the indexes below hold of it:
        bool open = false;
        std::pair<std::size_t, double> level;  ///< in open_
        std::size_t spare = 0;                 ///< in loaded_; 0: not there
    };
    struct Device {
        std::vector<std::size_t> slots;
        std::optional<std::size_t> reserved_for;  ///< a unit that runs alone
    };
    using Actions = std::vector<SchedulerAction>;

    void on(const SlotReady& event, Actions& actions);
    void on(const SlotChildLost& event, Actions& actions);
    void on(const SlotGone& event, Actions& actions);
    void on(const UnitStarted& event, Actions& actions);
    void on(const UnitProgressed& event, Actions& actions);
    void on(const UnitFinished& event, Actions& actions);
    void on(const UnitFailed& event, Actions& actions);
    void on(const UnitReturned& event, Actions& actions);
    void on(const DrainRequested& event, Actions& actions);
    void on(const CancelRequested& event, Actions& actions);
    void on(const RetryRequested& event, Actions& actions);
    void on(const DispatchPaused& event, Actions& actions);
    void on(const TimeLeft& event, Actions& actions);
    void on(const EstimatesChanged& event, Actions& actions);

    // scheduler.cpp
    bool is_current(std::size_t slot, std::size_t unit, std::uint32_t attempt) const;
    void link_dependencies(std::vector<SchedulerUnit>& units);
    void number_inputs(std::vector<SchedulerUnit>& units);
    void take_from_slot(std::size_t unit);
    void return_to_queue(std::size_t unit, Actions& actions);
    void end_attempt(std::size_t unit, const RetryDecision& decision, Actions& actions);
    void give_up(GiveUp verdict, Actions& actions);
    bool gpu_is_shared(std::size_t slot) const;

    // scheduler_requests.cpp
    std::vector<std::size_t> revive_with_needs(std::size_t unit);
    void revive(std::size_t unit);

    // scheduler_queue.cpp: which unit is next
    Key base_key(std::size_t unit) const;
    Key key_of(std::size_t unit) const;
    void enqueue(std::size_t unit);
    void dequeue(std::size_t unit);
    bool fits(std::size_t unit) const;
    std::optional<std::size_t> choose(const Slot& slot);
    std::size_t shared_inputs(std::uint32_t one, std::uint32_t other) const;

    // scheduler_dispatch.cpp: which slot gets it
    void dispatch(Actions& actions);
    void assign(std::size_t slot, std::size_t unit, Actions& actions);
    void place_lone_units(Actions& actions);
    std::optional<std::size_t> reserve_device(std::size_t unit);
    void release_device(std::size_t unit);
    void take_back(std::size_t unit, Actions& actions);
    void forget_fetch(std::size_t unit);
    void take_back_waiting(std::size_t at_most, Actions& actions);
    bool fetch_better_work(std::size_t slot, std::size_t next, Actions& actions);
    bool may_take_back(const Slot& slot, std::size_t place) const;
    bool closed() const { return draining_ || paused_; }
    bool has_room(const Slot& slot) const;
    void index_slot(std::size_t slot);
    void index_all_slots();

    // scheduler_invariants.cpp
    void check_units() const;
    void check_slots() const;

    SchedulerLimits limits_;
    RetryPolicy policy_;
    std::vector<Unit> units_;
    std::vector<Slot> slots_;
    std::vector<Device> devices_;
    std::vector<std::vector<std::uint32_t>> input_sets_ = {{}};
    std::set<Key> ready_;                              ///< may be sent
    std::set<std::size_t> lone_;                       ///< may be sent, each alone on a device
    std::set<std::size_t> parked_;                     ///< may be sent but for the time limit
    std::map<std::size_t, std::size_t> reservations_;  ///< unit -> device
    /// Slots with room: by units held, then by expected seconds of the first.
    std::set<std::pair<std::pair<std::size_t, double>, std::size_t>> open_;
    std::set<std::pair<std::size_t, std::size_t>> loaded_;  ///< by units that may be taken back
    std::set<Key> behind_long_;  ///< units that wait behind one of 0.1 s and more
    std::map<std::size_t, std::size_t> fetched_for_;  ///< unit -> slot that awaits it
    std::size_t idle_ = 0;                            ///< slots in open_ that hold nothing
    std::size_t finished_ = 0, failed_ = 0, held_ = 0, live_slots_ = 0, withdrawing_ = 0;
    double time_left_ = std::numeric_limits<double>::infinity();
    bool draining_ = false, paused_ = false;
};

}  // namespace harrow::coordinator
