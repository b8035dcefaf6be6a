#include <utility>

#include "coordinator/run_engine.hpp"

namespace harrow::coordinator {

void RunEngine::apply(const SchedulerEvent& event, const ChildLost& child) {
    for (const SchedulerAction& action : scheduler_.handle(event)) {
        if (std::holds_alternative<AssignUnit>(action) ||
            std::holds_alternative<WithdrawUnit>(action) ||
            std::holds_alternative<CancelUnit>(action)) {
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
        } else if (const auto* revive = std::get_if<Revive>(&action)) {
            view_.count_revived(revive->unit);
            failures_.erase(revive->unit);
            observer_.revived(revive->unit);
            disk_.mark();
        }
    }
}

void RunEngine::send_orders() {
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
                                     plan_.payload_of(assign->unit)});
        } else if (const auto* withdraw = std::get_if<WithdrawUnit>(&order)) {
            transport_.withdraw(
                withdraw->slot,
                Withdraw{static_cast<std::uint32_t>(withdraw->unit), withdraw->attempt});
        } else if (const auto* cancel = std::get_if<CancelUnit>(&order)) {
            transport_.cancel(cancel->slot,
                              Cancel{static_cast<std::uint32_t>(cancel->unit), cancel->attempt});
        }
    }
}

void RunEngine::note_start(const NoteStart& start) {
    view_.note_start(start.slot, start.unit, Clock::now());
    observer_.started(start.unit, static_cast<int>(start.attempt), view_.place(start.slot));
    disk_.mark();
}

void RunEngine::record(const Complete& complete) {
    view_.note_end(complete.slot, complete.unit);
    view_.count_finished(complete.unit, result_.seconds);
    disk_.note_success();
    disk_.mark();
    observer_.finished(
        complete.unit, static_cast<int>(complete.attempt), view_.place(complete.slot), result_);
}

void RunEngine::record_failure(const GiveUp& verdict, bool is_final, const ChildLost& child) {
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
    } else if (verdict.kind == FailureKind::Dependency) {
        failure.message = plan_.units[verdict.cause].label + " failed: " + verdict.reason;
    }
    if (is_final) {
        view_.count_failed(verdict.unit);
    }
    if (is_final && verdict.kind != FailureKind::Cancelled) {
        const bool is_infrastructure =
            verdict.kind == FailureKind::Lost || verdict.kind == FailureKind::Storage;
        failures_[verdict.unit] = {++last_failure_, is_infrastructure, failure.message};
    }
    disk_.mark();
    observer_.failed(failure);
}

}  // namespace harrow::coordinator
