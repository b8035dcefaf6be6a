#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
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
    double share_to_checkpoint = 1.0;        ///< as in SchedulerUnit
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

struct RunLimits {
    bool fail_fast = false;  ///< the first failure lets running units finish, starts no more
    std::chrono::milliseconds drain{0};  ///< time that running units get after the first signal
    int max_lost_workers = 10;           ///< per unit, until it is given up
    Order order = Order::Breadth;
    std::chrono::milliseconds stop_grace{2000};
    std::chrono::milliseconds tick{200};
    std::function<StopLevel()> stop;  ///< set by signals; asked at least every tick
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
    std::size_t trials_done_before = 0;       ///< part of trials_done
    double cost_done = 0.0, cost_left = 0.0;  ///< of this run; fractions of running units count
    std::vector<SlotSnapshot> slots;
    StopLevel stopping = StopLevel::Run;
};

struct UnitFailure {
    std::size_t unit = 0;
    int attempt = 0;
    std::string slot;
    FailureKind kind = FailureKind::Internal;
    std::string message;
    std::string stderr_tail;          ///< of a lost child
    int signal = 0;                   ///< of a lost child
    int exit_code = 0;                ///< of a lost child
    std::int64_t peak_rss_bytes = 0;  ///< of a lost child
    bool final = true;                ///< false: it will be tried again
};

/// Called in the coordinator's thread.
class RunObserver {
public:
    virtual ~RunObserver() = default;
    virtual void started(std::size_t /*unit*/, int /*attempt*/, const std::string& /*slot*/) {}
    virtual void progress(std::size_t /*unit*/, int /*attempt*/, const Progress&) {}
    /// Called once per unit at most.
    virtual void finished(std::size_t unit,
                          int attempt,
                          const std::string& slot,
                          const WorkResult& result) = 0;
    /// Called once per failed attempt, and once (attempt 0) for a unit whose dependency failed.
    virtual void failed(const UnitFailure& failure) = 0;
    /// Follows every group of `finished` and `failed`: when it returns they must be durable. Work
    /// that depends on them is only then sent out.
    virtual void commit() {}
    virtual void warning(const std::string& /*message*/) {}
    virtual void tick(const RunSnapshot&) {}
};

struct RunOutcome {
    enum class Verdict { AllDone, SomeFailed, StoppedEarly, InfrastructureLost };
    Verdict verdict = Verdict::AllDone;
    std::size_t finished = 0, failed = 0, not_run = 0;  ///< units of this run
    std::string reason;  ///< why not all was done: "stopped by a signal", "no slot is left: …"
};

/// Runs the plan to its end or until stopped, then ends all children. Exceptions of the observer
/// (a full disk) and of the transport stop the run and pass through.
RunOutcome run_units(const RunPlan& plan,
                     Transport& transport,
                     RunObserver& observer,
                     const RunLimits& limits);

}  // namespace harrow::coordinator
