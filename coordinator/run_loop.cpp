#include "coordinator/run_loop.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "coordinator/scheduler.hpp"

namespace harrow::coordinator {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_between(Clock::time_point from, Clock::time_point to) {
    return std::chrono::duration<double>(to - from).count();
}

// Share of a unit that is done, in [0, 1]; 0 when the worker does not say.
double share_done(const Progress& progress) {
    if (progress.images_total > 0) {
        return std::clamp(
            static_cast<double>(progress.images) / static_cast<double>(progress.images_total),
            0.0,
            1.0);
    }
    if (progress.tasks <= 0) {
        return 0.0;
    }
    const double epochs =
        progress.epochs > 0 ? static_cast<double>(progress.epoch) / progress.epochs : 0.0;
    return std::clamp((progress.task + std::clamp(epochs, 0.0, 1.0)) / progress.tasks, 0.0, 1.0);
}

Scheduler make_scheduler(const RunPlan& plan, std::size_t slots, const RunLimits& limits) {
    std::vector<SchedulerUnit> units;
    for (const RunUnit& unit : plan.units) {
        units.push_back({unit.depends_on, static_cast<std::uint32_t>(unit.attempts_before)});
    }
    SchedulerLimits scheduler_limits;
    scheduler_limits.max_lost_workers = static_cast<std::uint32_t>(limits.max_lost_workers);
    scheduler_limits.fail_fast = limits.fail_fast;
    return Scheduler(std::move(units), slots, scheduler_limits);
}

// What is known of a lost child beyond what the scheduler needs.
const ChildLost& no_child() {
    static const ChildLost none;
    return none;
}

class RunLoop {
public:
    RunLoop(const RunPlan& plan,
            Transport& transport,
            RunObserver& observer,
            const RunLimits& limits,
            std::vector<std::string> slot_names)
        : plan_(plan),
          transport_(transport),
          observer_(observer),
          limits_(limits),
          scheduler_(make_scheduler(plan, slot_names.size(), limits)),
          running_(slot_names.size()),
          started_(Clock::now()) {
        snapshot_.units = plan.units.size();
        snapshot_.trials_done_before = plan.trials_done_before;
        snapshot_.trials = snapshot_.trials_done = plan.trials_done_before;
        for (const RunUnit& unit : plan.units) {
            snapshot_.trials += unit.trials;
            total_cost_ += unit.expected_cost;
        }
        for (std::string& name : slot_names) {
            SlotSnapshot slot;
            slot.name = std::move(name);
            snapshot_.slots.push_back(std::move(slot));
        }
    }

    RunOutcome run() {
        while (!scheduler_.is_idle() && !stop_now()) {
            step(limits_.tick);
            tick_if_due();
        }
        transport_.stop(snapshot_.stopping == StopLevel::Now ? std::chrono::milliseconds(0)
                                                             : limits_.stop_grace);
        ended_ = true;
        step(std::chrono::milliseconds(0));  // results that arrived while stopping
        tick();
        return outcome();
    }

private:
    struct Running {
        std::optional<std::size_t> unit;
        Clock::time_point since;
    };

    void step(std::chrono::milliseconds timeout) {
        for (const TransportEvent& event : transport_.wait(timeout)) {
            if (const auto* lost = std::get_if<RankLost>(&event)) {
                on_rank_lost(*lost);
            } else {
                const auto& [slot, message] = std::get<SlotMessage>(event);
                std::visit([&, at = slot](const auto& body) { on(at, body); }, message);
            }
        }
        if (recorded_) {
            observer_.commit();
            recorded_ = false;
        }
        send_orders();
    }

    bool stop_now() {
        const StopLevel level = limits_.stop ? limits_.stop() : StopLevel::Run;
        if (level != StopLevel::Run && snapshot_.stopping == StopLevel::Run) {
            drain_end_ = Clock::now() + limits_.drain;
            snapshot_.stopping = StopLevel::Drain;
            apply(DrainRequested{}, no_child());
            send_orders();
        }
        snapshot_.stopping = std::max(snapshot_.stopping, level);
        return snapshot_.stopping == StopLevel::Now ||
               (snapshot_.stopping == StopLevel::Drain && Clock::now() >= drain_end_);
    }

    // ---- events -----------------------------------------------------------------------------
    void on(std::size_t slot, const Ready& ready) {
        for (const std::string& warning : ready.warnings) {
            if (warned_.insert(warning).second) {
                observer_.warning(warning);
            }
        }
        snapshot_.slots[slot].state = SlotSnapshot::State::Idle;
        apply(SlotReady{slot}, no_child());
    }
    void on(std::size_t slot, const Started& started) {
        apply(UnitStarted{slot, started.unit, started.attempt}, no_child());
    }
    void on(std::size_t slot, const Progress& progress) {
        if (running_[slot].unit == progress.unit) {
            snapshot_.slots[slot].progress = progress;
            const bool extracts = progress.images_total > 0;
            apply(UnitProgressed{slot,
                                 progress.unit,
                                 progress.attempt,
                                 extracts ? 0 : progress.task,
                                 extracts ? progress.images : progress.epoch},
                  no_child());
            observer_.progress(progress.unit, static_cast<int>(progress.attempt), progress);
        }
    }
    void on(std::size_t slot, const Finished& finished) {
        try {
            result_ = work_result_from_json(finished.result);
        } catch (const ProtocolError& error) {
            apply(UnitFailed{slot,
                             finished.unit,
                             finished.attempt,
                             FailureKind::Internal,
                             std::string("its result cannot be read: ") + error.what()},
                  no_child());
            return;
        }
        apply(UnitFinished{slot, finished.unit, finished.attempt}, no_child());
    }
    void on(std::size_t slot, const Failed& failed) {
        apply(UnitFailed{slot, failed.unit, failed.attempt, failed.kind, failed.message},
              no_child());
    }
    void on(std::size_t slot, const Returned& returned) {
        apply(UnitReturned{slot, returned.unit, returned.attempt}, no_child());
    }
    void on(std::size_t slot, const ChildLost& lost) {
        if (lost.attempt == 0) {
            observer_.warning("slot " + snapshot_.slots[slot].name +
                              ": its worker died between two units of work (" + lost.reason +
                              "); a fresh one is started");
        }
        snapshot_.slots[slot].state = SlotSnapshot::State::Starting;
        apply(SlotChildLost{slot,
                            lost.unit,
                            lost.attempt,
                            lost.signal,
                            lost.exit_code,
                            lost.reason,
                            lost.out_of_memory != 0},
              lost);
    }
    void on(std::size_t slot, const Quarantined& quarantined) {
        last_loss_ = quarantined.reason;
        observer_.warning(quarantined.reason + "\nno more work goes to this slot");
        lose_slot(slot);
    }
    void on(std::size_t, const Heartbeat&) {}
    void on(std::size_t, const RankHello&) {}
    void on(std::size_t, const RankPulse&) {}
    void on(std::size_t, const RankBye&) {}
    void on(std::size_t slot, const Checkpointed& kept) {
        apply(UnitProgressed{slot, kept.unit, kept.attempt, kept.task, kept.epoch}, no_child());
    }
    void on(std::size_t, const Resumed&) {}

    void on_rank_lost(const RankLost& lost) {
        last_loss_ =
            "rank " + std::to_string(lost.rank) + " (" + lost.host + ") is lost: " + lost.reason;
        observer_.warning(last_loss_ + "; its work goes to other slots");
        for (std::size_t slot = lost.first_slot; slot < lost.first_slot + lost.slots; ++slot) {
            lose_slot(slot);
        }
    }

    void lose_slot(std::size_t slot) {
        apply(SlotGone{slot}, no_child());
        snapshot_.slots[slot].state = SlotSnapshot::State::Gone;
    }

    // ---- actions ----------------------------------------------------------------------------
    void apply(const SchedulerEvent& event, const ChildLost& child) {
        for (const SchedulerAction& action : scheduler_.handle(event)) {
            if (std::holds_alternative<AssignUnit>(action) ||
                std::holds_alternative<WithdrawUnit>(action)) {
                orders_.push_back(action);
            } else if (const auto* start = std::get_if<NoteStart>(&action)) {
                note_start(*start);
            } else if (const auto* complete = std::get_if<Complete>(&action)) {
                record(*complete);
            } else if (const auto* retry = std::get_if<Retry>(&action)) {
                record_failure(
                    GiveUp{retry->slot, retry->unit, retry->attempt, retry->kind, retry->reason, 0},
                    false,
                    child);
            } else if (const auto* give_up = std::get_if<GiveUp>(&action)) {
                record_failure(*give_up, true, child);
            }
        }
    }

    // Orders leave after everything they follow from is durable.
    void send_orders() {
        for (const SchedulerAction& order : std::exchange(orders_, {})) {
            if (ended_) {
                continue;
            }
            if (const auto* assign = std::get_if<AssignUnit>(&order)) {
                const RunUnit& unit = plan_.units[assign->unit];
                transport_.assign(assign->slot,
                                  Assign{static_cast<std::uint32_t>(assign->unit),
                                         assign->attempt,
                                         unit.kind,
                                         unit.key,
                                         unit.payload});
            } else if (const auto* withdraw = std::get_if<WithdrawUnit>(&order)) {
                transport_.withdraw(
                    withdraw->slot,
                    Withdraw{static_cast<std::uint32_t>(withdraw->unit), withdraw->attempt});
            }
        }
    }

    void note_start(const NoteStart& start) {
        const RunUnit& unit = plan_.units[start.unit];
        running_[start.slot] = {start.unit, Clock::now()};
        SlotSnapshot& slot = snapshot_.slots[start.slot];
        slot.state = SlotSnapshot::State::Busy;
        slot.label = unit.label;
        slot.kind = unit.kind;
        slot.progress = {};
        observer_.started(start.unit, static_cast<int>(start.attempt), slot.name);
        recorded_ = true;
    }

    void note_end(std::size_t slot_index, std::size_t unit) {
        if (running_[slot_index].unit == unit) {
            running_[slot_index].unit.reset();
            SlotSnapshot& slot = snapshot_.slots[slot_index];
            slot.label.clear();
            if (slot.state == SlotSnapshot::State::Busy) {
                slot.state = SlotSnapshot::State::Idle;
            }
        }
    }

    void record(const Complete& complete) {
        note_end(complete.slot, complete.unit);
        const RunUnit& unit = plan_.units[complete.unit];
        ++snapshot_.units_done;
        snapshot_.trials_done += unit.trials;
        snapshot_.cost_done += unit.expected_cost;
        recorded_ = true;
        observer_.finished(complete.unit,
                           static_cast<int>(complete.attempt),
                           snapshot_.slots[complete.slot].name,
                           result_);
    }

    void record_failure(const GiveUp& verdict, bool is_final, const ChildLost& child) {
        UnitFailure failure;
        failure.unit = verdict.unit;
        failure.attempt = static_cast<int>(verdict.attempt);
        failure.kind = verdict.kind;
        failure.message = verdict.reason;
        failure.final = is_final;
        if (verdict.attempt > 0) {
            note_end(verdict.slot, verdict.unit);
            if (verdict.kind == FailureKind::Stopped && snapshot_.stopping != StopLevel::Run) {
                return;  // it stopped because it was told to
            }
            failure.slot = snapshot_.slots[verdict.slot].name;
            failure.stderr_tail = child.stderr_tail;
            failure.signal = child.signal;
            failure.exit_code = child.exit_code;
            failure.peak_rss_bytes = child.peak_rss_bytes;
        } else if (verdict.kind == FailureKind::Dependency) {
            failure.message = plan_.units[verdict.cause].label + " failed: " + verdict.reason;
        }
        if (is_final) {
            const RunUnit& unit = plan_.units[verdict.unit];
            ++snapshot_.units_failed;
            snapshot_.trials_failed += unit.trials;
            snapshot_.cost_done += unit.expected_cost;
            infrastructure_failed_ = infrastructure_failed_ || verdict.kind == FailureKind::Lost ||
                                     verdict.kind == FailureKind::Storage;
            failure_reason_ = failure_reason_.empty() ? failure.message : failure_reason_;
        }
        recorded_ = true;
        observer_.failed(failure);
    }

    // ---- display and end --------------------------------------------------------------------
    void tick_if_due() {
        if (Clock::now() - last_tick_ >= limits_.tick) {
            tick();
        }
    }

    void tick() {
        last_tick_ = Clock::now();
        snapshot_.elapsed_s = seconds_between(started_, last_tick_);
        snapshot_.units_running = snapshot_.trials_running = 0;
        double running_cost = 0.0;
        for (std::size_t index = 0; index < running_.size(); ++index) {
            if (running_[index].unit) {
                const RunUnit& unit = plan_.units[*running_[index].unit];
                SlotSnapshot& slot = snapshot_.slots[index];
                slot.unit_seconds = seconds_between(running_[index].since, last_tick_);
                ++snapshot_.units_running;
                snapshot_.trials_running += unit.trials;
                running_cost += unit.expected_cost * share_done(slot.progress);
            }
        }
        RunSnapshot shown = snapshot_;
        shown.cost_done += running_cost;
        shown.cost_left = std::max(0.0, total_cost_ - shown.cost_done);
        observer_.tick(shown);
    }

    RunOutcome outcome() const {
        using Verdict = RunOutcome::Verdict;
        RunOutcome result;
        result.finished = scheduler_.finished();
        result.failed = scheduler_.failed();
        result.not_run = plan_.units.size() - result.finished - result.failed;
        if (result.not_run > 0 && snapshot_.stopping != StopLevel::Run) {
            result.verdict = Verdict::StoppedEarly;
            result.reason = "stopped on request";
        } else if (result.not_run > 0 && scheduler_.live_slots() == 0) {
            result.verdict = Verdict::InfrastructureLost;
            result.reason = "no slot is left; the last loss: " + last_loss_;
        } else if (result.failed > 0) {
            result.verdict =
                infrastructure_failed_ ? Verdict::InfrastructureLost : Verdict::SomeFailed;
            result.reason =
                (result.not_run > 0 ? "stopped at the first failure: " : "") + failure_reason_;
        }
        return result;
    }

    const RunPlan& plan_;
    Transport& transport_;
    RunObserver& observer_;
    const RunLimits& limits_;
    Scheduler scheduler_;
    std::vector<Running> running_;  // by slot
    RunSnapshot snapshot_;
    double total_cost_ = 0.0;
    std::vector<SchedulerAction> orders_;
    WorkResult result_;      // of the Finished being handled
    bool recorded_ = false;  // something awaits commit()
    bool ended_ = false;
    bool infrastructure_failed_ = false;
    std::string failure_reason_;
    std::string last_loss_;
    std::set<std::string> warned_;
    Clock::time_point started_;
    Clock::time_point last_tick_;
    Clock::time_point drain_end_;
};

}  // namespace

RunOutcome run_units(const RunPlan& plan,
                     Transport& transport,
                     RunObserver& observer,
                     const RunLimits& limits) {
    try {
        return RunLoop(plan, transport, observer, limits, transport.start()).run();
    } catch (...) {
        transport.stop(std::chrono::milliseconds(0));  // work that nobody records must not go on
        throw;
    }
}

}  // namespace harrow::coordinator
