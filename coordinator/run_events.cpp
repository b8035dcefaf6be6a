#include <string>

#include "coordinator/run_engine.hpp"
#include "storage/files.hpp"

namespace harrow::coordinator {

void RunEngine::on(std::size_t slot, const Ready& ready) {
    for (const std::string& warning : ready.warnings) {
        if (warned_.insert(warning).second) {
            observer_.warning(warning);
        }
    }
    view_.set_state(slot, SlotSnapshot::State::Idle);
    apply(SlotReady{slot});
}

void RunEngine::on(std::size_t slot, const Started& started) {
    anything_started_ = true;
    apply(UnitStarted{slot, started.unit, started.attempt});
}

void RunEngine::on(std::size_t slot, const Progress& progress) {
    if (view_.runs(slot, progress.unit)) {
        view_.note_progress(slot, progress);
        const bool extracts = progress.images_total > 0;
        apply(UnitProgressed{slot,
                             progress.unit,
                             progress.attempt,
                             extracts ? 0 : progress.task,
                             extracts ? progress.images : progress.epoch});
        observer_.progress(progress.unit, static_cast<int>(progress.attempt), progress);
    }
}

void RunEngine::on(std::size_t slot, const Checkpointed& report) {
    if (view_.runs(slot, report.unit)) {
        apply(UnitProgressed{slot, report.unit, report.attempt, report.task, report.epoch});
        observer_.checkpointed(report);
        disk_.note_success();
        disk_.mark();
    }
}

void RunEngine::on(std::size_t slot, const Resumed& report) {
    if (view_.runs(slot, report.unit)) {
        observer_.resumed(report);
        disk_.mark();
    }
}

void RunEngine::on(std::size_t slot, const Finished& finished) {
    try {
        result_ = work_result_from_json(finished.result);
    } catch (const ProtocolError& error) {
        apply(UnitFailed{slot,
                         finished.unit,
                         finished.attempt,
                         FailureKind::Internal,
                         std::string("its result cannot be read: ") + error.what()});
        return;
    }
    apply(UnitFinished{slot, finished.unit, finished.attempt});
}

void RunEngine::on(std::size_t slot, const Failed& failed) {
    const bool no_room =
        failed.kind == FailureKind::Storage && storage::tells_of_no_space(failed.message);
    if (no_room && disk_.worker_ran_out(failed.message, Clock::now())) {
        apply(DispatchPaused{true});
    }
    apply(UnitFailed{slot, failed.unit, failed.attempt, failed.kind, failed.message, no_room});
}

void RunEngine::on(std::size_t slot, const Returned& returned) {
    apply(UnitReturned{slot, returned.unit, returned.attempt});
}

void RunEngine::on(std::size_t slot, const ChildLost& lost) {
    if (ended_) {
        return;  // it was ended because it did not leave in time
    }
    if (lost.attempt == 0) {
        observer_.worker_lost(view_.place(slot), lost);
        disk_.mark();
    }
    view_.set_state(slot, SlotSnapshot::State::Starting);
    apply(SlotChildLost{slot,
                        lost.unit,
                        lost.attempt,
                        lost.signal,
                        lost.exit_code,
                        lost.reason,
                        lost.out_of_memory != 0},
          lost);
}

void RunEngine::on(std::size_t slot, const Quarantined& quarantined) {
    last_loss_ = quarantined.reason;
    observer_.slot_lost(view_.place(slot), quarantined.reason);
    disk_.mark();
    lose_slot(slot);
}

void RunEngine::on_rank_lost(const RankLost& lost) {
    last_loss_ =
        "rank " + std::to_string(lost.rank) + " (" + lost.host + ") is lost: " + lost.reason;
    observer_.rank_lost(lost);
    disk_.mark();
    for (std::size_t slot = lost.first_slot; slot < lost.first_slot + lost.slots; ++slot) {
        lose_slot(slot);
    }
}

void RunEngine::lose_slot(std::size_t slot) {
    apply(SlotGone{slot});
    view_.set_state(slot, SlotSnapshot::State::Gone);
}

}  // namespace harrow::coordinator
