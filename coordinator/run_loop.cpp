#include "coordinator/run_loop.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "coordinator/run_engine.hpp"

namespace harrow::coordinator {
namespace {

using namespace std::chrono_literals;

constexpr auto kSlowInterval = 1s;  // between two looks at requests and at the time left

Scheduler make_scheduler(const RunPlan& plan,
                         const std::vector<SlotPlace>& places,
                         const RunLimits& limits) {
    std::map<std::string, std::size_t> numbers;
    std::vector<std::size_t> devices;
    for (const SlotPlace& place : places) {
        devices.push_back(
            numbers.emplace(device_of_slot(place.name), numbers.size()).first->second);
    }
    SchedulerLimits scheduler_limits;
    scheduler_limits.max_lost_workers = static_cast<std::uint32_t>(limits.max_lost_workers);
    scheduler_limits.fail_fast = limits.fail_fast;
    scheduler_limits.order = limits.order;
    return Scheduler(scheduler_units(plan), devices, scheduler_limits);
}

}  // namespace

std::string device_of_slot(const std::string& slot) {
    const std::size_t dot = slot.rfind('.');
    const std::size_t slash = slot.rfind('/');
    return dot != std::string::npos && slash != std::string::npos && dot > slash
               ? slot.substr(0, dot)
               : slot;
}

RunEngine::RunEngine(const RunPlan& plan,
                     Transport& transport,
                     RunObserver& observer,
                     const RunLimits& limits,
                     std::vector<SlotPlace> places)
    : plan_(plan),
      transport_(transport),
      observer_(observer),
      limits_(limits),
      scheduler_(make_scheduler(plan, places, limits)),
      view_(plan, std::move(places), Clock::now()),
      end_(limits, WallClock::now()),
      disk_(observer, limits) {}

RunOutcome RunEngine::run() {
    while (has_more_to_do() && !is_over()) {
        slow_step();
        step(limits_.tick);
        tick_if_due();
    }
    const bool at_once = end_.cause() == StopCause::Now;
    transport_.stop(at_once ? 0ms : limits_.leave_grace);
    ended_ = true;
    step(0ms);  // results that arrived while stopping
    disk_.settle_at_last();
    tick();
    return outcome();
}

bool RunEngine::has_more_to_do() const {
    return !scheduler_.is_idle() || (disk_.is_pending() && end_.phase() == RunEnd::Phase::Run);
}

void RunEngine::step(std::chrono::milliseconds timeout) {
    for (const TransportEvent& event : transport_.wait(timeout)) {
        if (const auto* lost = std::get_if<RankLost>(&event)) {
            on_rank_lost(*lost);
        } else {
            const auto& [slot, message] = std::get<SlotMessage>(event);
            std::visit([&, at = slot](const auto& body) { on(at, body); }, message);
        }
    }
    settle();
}

void RunEngine::settle() {
    if (disk_.settle(Clock::now())) {
        send_orders();
    }
}

void RunEngine::slow_step() {
    const Clock::time_point now = Clock::now();
    if (disk_.room_returned(now)) {
        apply(DispatchPaused{false});
    }
    if (now - last_slow_step_ < kSlowInterval) {
        return;
    }
    last_slow_step_ = now;
    if (auto estimates = view_.refresh_estimates(now)) {
        apply(EstimatesChanged{std::move(*estimates)});
    }
    if (const auto left = end_.work_time_left(WallClock::now())) {
        apply(TimeLeft{std::chrono::duration<double>(*left).count()});
    }
    for (const RunRequest& request :
         limits_.requests ? limits_.requests() : std::vector<RunRequest>()) {
        disk_.mark();
        if (request.kind == RunRequest::Kind::Cancel) {
            apply(CancelRequested{request.unit});
        } else {
            apply(RetryRequested{request.unit});
        }
    }
}

bool RunEngine::is_over() {
    StopLevel asked = limits_.stop ? limits_.stop() : StopLevel::Run;
    const Clock::time_point now = Clock::now();
    if (disk_.gave_up(now)) {
        asked = std::max(asked, StopLevel::Drain);
        no_room_left_ = true;
    }
    const RunEnd::Phase before = end_.phase();
    const RunEnd::Phase phase = end_.update(asked, now, WallClock::now());
    if (before == RunEnd::Phase::Run && phase != before) {
        begin_drain(now);
    }
    if (disk_.journal_is_full()) {
        end_.skip_drain(now);
    }
    if (before < RunEnd::Phase::StopChildren && phase >= RunEnd::Phase::StopChildren) {
        transport_.request_stop();
    }
    return phase == RunEnd::Phase::Leave;
}

void RunEngine::begin_drain(Clock::time_point now) {
    view_.set_stopping(end_.cause() == StopCause::Now ? StopLevel::Now : StopLevel::Drain);
    apply(DrainRequested{});
    DrainNotice notice;
    notice.cause = end_.cause();
    notice.running = view_.units_running();
    notice.drain = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::max<Clock::duration>(end_.drain_end() - now, 0ms));
    notice.at_most = notice.drain + limits_.stop_grace;
    notice.finished_in = view_.time_to_finish(now);
    observer_.draining(notice);
    settle();
}

void RunEngine::tick_if_due() {
    if (Clock::now() - last_tick_ >= limits_.tick) {
        tick();
    }
}

void RunEngine::tick() {
    last_tick_ = Clock::now();
    observer_.tick(view_.take(last_tick_));
}

RunOutcome RunEngine::outcome() const {
    using Verdict = RunOutcome::Verdict;
    RunOutcome result;
    result.cause = end_.cause();
    if (result.cause == StopCause::None && scheduler_.out_of_time()) {
        result.cause = StopCause::TimeLimit;
    }
    result.finished = scheduler_.finished();
    result.failed = scheduler_.failed();
    result.not_run = plan_.units.size() - result.finished - result.failed;
    if (disk_.is_pending() || (no_room_left_ && result.not_run > 0)) {
        result.verdict = Verdict::InfrastructureLost;
        result.reason =
            "a disk is full; what is recorded is safe: free some space and give the same "
            "command again";
    } else if (result.not_run > 0 && result.cause != StopCause::None) {
        result.verdict = Verdict::StoppedEarly;
        result.reason = reason_to_stop(result);
    } else if (result.not_run > 0 && scheduler_.live_slots() == 0) {
        result.verdict = Verdict::InfrastructureLost;
        result.reason = "no slot is left; the last loss: " + last_loss_;
    } else if (!failures_.empty()) {
        bool infrastructure = false;
        const FinalFailure* first = &failures_.begin()->second;
        for (const auto& [unit, failure] : failures_) {
            infrastructure = infrastructure || failure.is_infrastructure;
            first = failure.number < first->number ? &failure : first;
        }
        result.verdict = infrastructure ? Verdict::InfrastructureLost : Verdict::SomeFailed;
        result.reason =
            (result.not_run > 0 ? "stopped at the first failure: " : "") + first->message;
    } else if (result.not_run > 0) {
        result.verdict = Verdict::StoppedEarly;
        result.reason = "stopped at a failure; what failed is to be tried again";
    } else if (result.failed > 0) {  // taken out by the user
        result.verdict = Verdict::SomeFailed;
    }
    return result;
}

std::string RunEngine::reason_to_stop(const RunOutcome& outcome) const {
    if (outcome.cause != StopCause::TimeLimit) {
        return "stopped on request";
    }
    if (anything_started_) {
        return "stopped because the time limit draws near";
    }
    return "nothing was started: none of the " + std::to_string(outcome.not_run) +
           " units of work left fits before the end; the same command gets no further without "
           "more time (a later --until, a job with a longer limit)";
}

RunOutcome run_units(const RunPlan& plan,
                     Transport& transport,
                     RunObserver& observer,
                     const RunLimits& limits) {
    try {
        return RunEngine(plan, transport, observer, limits, transport.start()).run();
    } catch (...) {
        transport.stop(0ms);  // work that nobody records must not go on
        throw;
    }
}

}  // namespace harrow::coordinator
