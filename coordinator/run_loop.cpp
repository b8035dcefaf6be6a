#include "coordinator/run_loop.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "coordinator/run_end.hpp"
#include "coordinator/run_view.hpp"
#include "coordinator/scheduler.hpp"

namespace harrow::coordinator {
namespace {

using Clock = std::chrono::steady_clock;
using WallClock = std::chrono::system_clock;
using namespace std::chrono_literals;

constexpr auto kRequestInterval = 1s;

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
            std::vector<SlotPlace> places)
        : plan_(plan),
          transport_(transport),
          observer_(observer),
          limits_(limits),
          scheduler_(make_scheduler(plan, places.size(), limits)),
          view_(plan, std::move(places), Clock::now()),
          end_(limits, WallClock::now()) {}

    RunOutcome run() {
        while (has_more_to_do() && !is_over()) {
            take_requests();
            step(limits_.tick);
            tick_if_due();
        }
        const bool at_once = end_.cause() == StopCause::Now;
        transport_.stop(at_once ? 0ms : limits_.leave_grace);
        ended_ = true;
        step(0ms);  // results that arrived while stopping
        last_chance_to_record();
        tick();
        return outcome();
    }

private:
    bool has_more_to_do() const {
        return !scheduler_.is_idle() || (recorded_ && end_.phase() == RunEnd::Phase::Run);
    }

    void step(std::chrono::milliseconds timeout) {
        for (const TransportEvent& event : transport_.wait(timeout)) {
            if (const auto* lost = std::get_if<RankLost>(&event)) {
                on_rank_lost(*lost);
            } else {
                const auto& [slot, message] = std::get<SlotMessage>(event);
                std::visit([&, at = slot](const auto& body) { on(at, body); }, message);
            }
        }
        record();
        if (!recorded_) {
            send_orders();
        }
    }

    // Makes records durable. While the disk has no room, nothing new is sent out; what runs goes
    // on, and what it reports waits in memory.
    void record() {
        const Clock::time_point now = Clock::now();
        if (!recorded_ || (no_room_since_ && now < next_try_)) {
            return;
        }
        if (observer_.commit()) {
            recorded_ = false;
            no_room_since_.reset();
            return;
        }
        no_room_since_ = no_room_since_.value_or(now);
        next_try_ = now + limits_.disk_retry;
    }

    void last_chance_to_record() {
        if (recorded_ && observer_.commit()) {
            recorded_ = false;
            no_room_since_.reset();
        }
    }

    // True when the loop must not go on.
    bool is_over() {
        StopLevel asked = limits_.stop ? limits_.stop() : StopLevel::Run;
        const Clock::time_point now = Clock::now();
        if (no_room_since_ && now - *no_room_since_ >= limits_.disk_wait) {
            asked = std::max(asked, StopLevel::Drain);
        }
        const RunEnd::Phase before = end_.phase();
        const RunEnd::Phase phase = end_.update(asked, now, WallClock::now());
        if (before == RunEnd::Phase::Run && phase != before) {
            begin_drain(now);
        }
        if (no_room_since_) {
            end_.skip_drain(now);
        }
        if (before < RunEnd::Phase::StopChildren && phase >= RunEnd::Phase::StopChildren) {
            transport_.request_stop();
        }
        return phase == RunEnd::Phase::Leave;
    }

    void begin_drain(Clock::time_point now) {
        view_.set_stopping(end_.cause() == StopCause::Now ? StopLevel::Now : StopLevel::Drain);
        apply(DrainRequested{}, no_child());
        DrainNotice notice;
        notice.cause = end_.cause();
        notice.running = view_.units_running();
        notice.drain = std::chrono::duration_cast<std::chrono::milliseconds>(
            std::max<Clock::duration>(end_.drain_end() - now, 0ms));
        notice.at_most = notice.drain + limits_.stop_grace;
        notice.finished_in = view_.time_to_finish(now);
        observer_.draining(notice);
        record();
        if (!recorded_) {
            send_orders();
        }
    }

    void take_requests() {
        const Clock::time_point now = Clock::now();
        if (!limits_.requests || now - last_requests_ < kRequestInterval) {
            return;
        }
        last_requests_ = now;
        for (const RunRequest& request : limits_.requests()) {
            recorded_ = true;
            (void)request;
        }
    }

    // ---- events -----------------------------------------------------------------------------
    void on(std::size_t slot, const Ready& ready) {
        for (const std::string& warning : ready.warnings) {
            if (warned_.insert(warning).second) {
                observer_.warning(warning);
            }
        }
        view_.set_state(slot, SlotSnapshot::State::Idle);
        apply(SlotReady{slot}, no_child());
    }
    void on(std::size_t slot, const Started& started) {
        apply(UnitStarted{slot, started.unit, started.attempt}, no_child());
    }
    void on(std::size_t slot, const Progress& progress) {
        if (view_.runs(slot, progress.unit)) {
            view_.note_progress(slot, progress);
            observer_.progress(progress.unit, static_cast<int>(progress.attempt), progress);
        }
    }
    void on(std::size_t slot, const Checkpointed& report) {
        if (view_.runs(slot, report.unit)) {
            observer_.checkpointed(report);
            recorded_ = true;
        }
    }
    void on(std::size_t slot, const Resumed& report) {
        if (view_.runs(slot, report.unit)) {
            observer_.resumed(report);
            recorded_ = true;
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
        if (ended_) {
            return;  // it was ended because it did not leave in time
        }
        if (lost.attempt == 0) {
            observer_.warning("slot " + view_.place(slot).name +
                              ": its worker died between two units of work (" + lost.reason +
                              "); a fresh one is started");
        }
        view_.set_state(slot, SlotSnapshot::State::Starting);
        apply(
            SlotChildLost{slot, lost.unit, lost.attempt, lost.signal, lost.exit_code, lost.reason},
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

    void on_rank_lost(const RankLost& lost) {
        last_loss_ =
            "rank " + std::to_string(lost.rank) + " (" + lost.host + ") is lost: " + lost.reason;
        observer_.rank_lost(lost);
        recorded_ = true;
        observer_.warning(last_loss_ + "; its work goes to other slots");
        for (std::size_t slot = lost.first_slot; slot < lost.first_slot + lost.slots; ++slot) {
            lose_slot(slot);
        }
    }

    void lose_slot(std::size_t slot) {
        apply(SlotGone{slot}, no_child());
        view_.set_state(slot, SlotSnapshot::State::Gone);
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
        view_.note_start(start.slot, start.unit, Clock::now());
        observer_.started(start.unit, static_cast<int>(start.attempt), view_.place(start.slot));
        recorded_ = true;
    }

    void record(const Complete& complete) {
        view_.note_end(complete.slot, complete.unit);
        view_.count_finished(complete.unit);
        recorded_ = true;
        observer_.finished(
            complete.unit, static_cast<int>(complete.attempt), view_.place(complete.slot), result_);
    }

    void record_failure(const GiveUp& verdict, bool is_final, const ChildLost& child) {
        UnitFailure failure;
        failure.unit = verdict.unit;
        failure.attempt = static_cast<int>(verdict.attempt);
        failure.kind = verdict.kind;
        failure.message = verdict.reason;
        failure.final = is_final;
        if (verdict.attempt > 0) {
            view_.note_end(verdict.slot, verdict.unit);
            if (verdict.kind == FailureKind::Stopped && end_.phase() != RunEnd::Phase::Run) {
                return;  // it stopped because it was told to
            }
            failure.place = view_.place(verdict.slot);
            failure.stderr_tail = child.stderr_tail;
            failure.signal = child.signal;
            failure.exit_code = child.exit_code;
            failure.peak_rss_bytes = child.peak_rss_bytes;
            failure.out_of_memory = child.out_of_memory != 0;
        } else {
            failure.message = plan_.units[verdict.cause].label + " failed: " + verdict.reason;
        }
        if (is_final) {
            view_.count_failed(verdict.unit);
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
        observer_.tick(view_.take(last_tick_));
    }

    RunOutcome outcome() const {
        using Verdict = RunOutcome::Verdict;
        RunOutcome result;
        result.cause = end_.cause();
        result.finished = scheduler_.finished();
        result.failed = scheduler_.failed();
        result.not_run = plan_.units.size() - result.finished - result.failed;
        if (no_room_since_) {
            result.verdict = Verdict::InfrastructureLost;
            result.reason =
                "the disk of the run directory is full, so that nothing can be recorded; what was "
                "recorded is safe, free some space and give the same command again";
        } else if (result.not_run > 0 && end_.cause() != StopCause::None) {
            result.verdict = Verdict::StoppedEarly;
            result.reason = end_.cause() == StopCause::TimeLimit
                                ? "stopped because the time limit draws near"
                                : "stopped on request";
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
    RunView view_;
    RunEnd end_;
    std::vector<SchedulerAction> orders_;
    WorkResult result_;      // of the Finished being handled
    bool recorded_ = false;  // something awaits commit()
    bool ended_ = false;
    bool infrastructure_failed_ = false;
    std::string failure_reason_;
    std::string last_loss_;
    std::set<std::string> warned_;
    std::optional<Clock::time_point> no_room_since_;
    Clock::time_point next_try_;
    Clock::time_point last_tick_;
    Clock::time_point last_requests_;
};

}  // namespace

RunOutcome run_units(const RunPlan& plan,
                     Transport& transport,
                     RunObserver& observer,
                     const RunLimits& limits) {
    try {
        return RunLoop(plan, transport, observer, limits, transport.start()).run();
    } catch (...) {
        transport.stop(0ms);  // work that nobody records must not go on
        throw;
    }
}

}  // namespace harrow::coordinator
