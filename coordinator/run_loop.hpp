#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "coordinator/cost_model.hpp"
#include "coordinator/scheduler_events.hpp"
#include "coordinator/transport.hpp"
#include "coordinator/work.hpp"

namespace harrow::coordinator {

/// One unit of work; its number is its place in RunPlan::units. Units run in that order as far as
/// dependencies allow.
struct RunUnit {
    std::string key;  ///< feature or training key
    UnitKind kind = UnitKind::Train;
    std::vector<std::size_t> depends_on;  ///< units that must finish first
    std::string label;                    ///< short, for the display
    std::string payload;                  ///< JSON of ExtractionWork or TrainingWork; see RunPlan
    double expected_cost = 1.0;           ///< seconds, > 0, by the plan
    std::size_t trials = 0;               ///< trials that finish with it
    int attempts_before = 0;              ///< of earlier runs of this sweep
    WorkSize size = {};
    double share_to_checkpoint = 1.0;  ///< as in SchedulerUnit
    double checkpoint_interval_s = std::numeric_limits<double>::infinity();  ///< as there
    std::uint32_t seed_rank = 0;             ///< as in SchedulerUnit
    std::vector<std::uint32_t> inputs = {};  ///< as in SchedulerUnit
};

struct RunPlan {
    std::vector<RunUnit> units;
    std::size_t trials_done_before = 0;  ///< by earlier runs, for the display
    /// Makes a unit's payload when it is sent; empty: RunUnit::payload is it.
    std::function<std::string(std::size_t)> make_payload = {};

    std::string payload_of(std::size_t unit) const {
        return make_payload ? make_payload(unit) : units[unit].payload;
    }
};

enum class StopLevel { Run, Drain, Now };

/// Why a run ends before its work is done.
enum class StopCause { None, Signal, TimeLimit, Now };

/// What the user asks of a running coordinator, about one unit.
struct RunRequest {
    enum class Kind { Cancel, Retry };
    Kind kind = Kind::Cancel;
    std::size_t unit = 0;
};

struct RunLimits {
    bool fail_fast = false;  ///< the first failure lets running units finish, starts no more
    std::chrono::milliseconds drain{0};  ///< that running units get before they are told to stop
    std::optional<std::chrono::system_clock::time_point> end_time;  ///< of the job
    int max_lost_workers = 10;  ///< per unit, in a row without getting further
    Order order = Order::Breadth;
    /// For running units to publish a checkpoint when they are told to stop.
    std::chrono::milliseconds stop_grace{std::chrono::seconds(60)};
    std::chrono::milliseconds leave_grace{2000};  ///< for idle children to leave at the end
    std::chrono::milliseconds tick{200};
    std::chrono::milliseconds disk_wait{std::chrono::minutes(10)};  ///< for room on a full disk
    std::chrono::milliseconds disk_retry{std::chrono::seconds(5)};
    std::function<StopLevel()> stop;  ///< set by signals; asked at least every tick
    /// What the user asked since the last call; asked about once a second. May queue records.
    std::function<std::vector<RunRequest>()> requests;
};

struct SlotSnapshot {
    enum class State { Starting, Idle, Busy, Gone };
    std::string name;
    State state = State::Starting;
    std::string label;  ///< of the unit in hand
    UnitKind kind = UnitKind::Train;
    Progress progress;
    double unit_seconds = 0.0;
};

/// What the display needs, taken at every tick.
struct RunSnapshot {
    double elapsed_s = 0.0;
    std::size_t units = 0, units_done = 0, units_failed = 0, units_running = 0;
    std::size_t trials = 0, trials_done = 0, trials_failed = 0, trials_running = 0;
    std::size_t trials_done_before = 0;  ///< part of trials_done
    /// Expected slot-seconds of this run; fractions of running units count.
    double cost_done = 0.0, cost_left = 0.0;
    Forecast left;  ///< until the end; 0: not known yet
    std::vector<SlotSnapshot> slots;
    StopLevel stopping = StopLevel::Run;
};

struct UnitFailure {
    std::size_t unit = 0;
    int attempt = 0;
    SlotPlace place;  ///< empty names: it never ran
    FailureKind kind = FailureKind::Internal;
    std::string message;
    std::string stderr_tail;          ///< of a lost child
    int signal = 0;                   ///< of a lost child
    int exit_code = 0;                ///< of a lost child
    std::int64_t peak_rss_bytes = 0;  ///< of a lost child
    bool out_of_memory = false;       ///< the kernel or --max-rss ended the child
    bool final = true;                ///< false: it will be tried again
};

/// A run begins to end early.
struct DrainNotice {
    StopCause cause = StopCause::Signal;
    std::size_t running = 0;               ///< units
    std::chrono::milliseconds drain{0};    ///< until they are told to stop
    std::chrono::milliseconds at_most{0};  ///< until the run has ended
    /// Until the running units are done at their pace; empty: not known.
    std::optional<std::chrono::seconds> finished_in;
};

/// Called in the coordinator's thread.
class RunObserver {
public:
    virtual ~RunObserver() = default;
    virtual void started(std::size_t /*unit*/, int /*attempt*/, const SlotPlace& /*place*/) {}
    virtual void progress(std::size_t /*unit*/, int /*attempt*/, const Progress&) {}
    virtual void checkpointed(const Checkpointed& /*report*/) {}
    virtual void resumed(const Resumed& /*report*/) {}
    /// Called once per unit at most.
    virtual void finished(std::size_t unit,
                          int attempt,
                          const SlotPlace& place,
                          const WorkResult& result) = 0;
    /// Called once per failed attempt, and once (attempt 0) for a unit whose dependency failed.
    virtual void failed(const UnitFailure& failure) = 0;
    /// A unit that failed for good will be tried again: it or another was retried.
    virtual void revived(std::size_t /*unit*/) {}
    virtual void rank_lost(const RankLost& /*lost*/) {}
    /// A child without a unit in hand died; a fresh one is started.
    virtual void worker_lost(const SlotPlace& /*place*/, const ChildLost& /*lost*/) {}
    /// No more work goes to this slot.
    virtual void slot_lost(const SlotPlace& /*place*/, const std::string& /*reason*/) {}
    /// Follows every group of records: when it returns true they are durable, and work that depends
    /// on them is sent out. False: there is no room on the disk; it is called again every
    /// `disk_retry`, and until then no new work is sent out.
    virtual bool commit() { return true; }
    /// A worker found no room on a disk (`message`): no new work is sent out until has_room().
    virtual void out_of_room(const std::string& /*message*/) {}
    virtual bool has_room() { return true; }
    virtual void draining(const DrainNotice& /*notice*/) {}
    virtual void warning(const std::string& /*message*/) {}
    virtual void tick(const RunSnapshot&) {}
};

struct RunOutcome {
    enum class Verdict { AllDone, SomeFailed, StoppedEarly, InfrastructureLost };
    Verdict verdict = Verdict::AllDone;
    StopCause cause = StopCause::None;
    std::size_t finished = 0, failed = 0, not_run = 0;  ///< units of this run
    std::string reason;  ///< why not all was done: "stopped by a signal", "no slot is left: …"
};

/// What a slot's name says of its device: "node1/0.2" is the third slot that shares the GPU of
/// "node1/0.0"; a name without a dot after its slash has a device of its own.
std::string device_of_slot(const std::string& slot);

/// Runs the plan to its end or until stopped, then ends all children. Exceptions of the observer
/// (a broken disk) and of the transport stop the run and pass through.
RunOutcome run_units(const RunPlan& plan,
                     Transport& transport,
                     RunObserver& observer,
                     const RunLimits& limits);

}  // namespace harrow::coordinator
