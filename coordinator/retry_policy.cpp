#include "coordinator/retry_policy.hpp"

#include <algorithm>

#include <signal.h>

#include "coordinator/child_process.hpp"

namespace harrow::coordinator {

RetryDecision RetryPolicy::on_lost(std::size_t unit, Position reached, const std::string& reason) {
    History& history = histories_[unit];
    const bool got_further = history.furthest < reached;
    history.furthest = std::max(history.furthest, reached);
    history.without_progress = got_further ? 0 : history.without_progress + 1;
    if (history.without_progress < limits_.max_lost_workers) {
        return {false, false, FailureKind::Lost, reason};
    }
    return {true,
            false,
            FailureKind::Lost,
            "lost its worker " + std::to_string(history.without_progress) +
                " times without getting further; the last time: " + reason};
}

RetryDecision RetryPolicy::on_child_lost(const SlotChildLost& event,
                                         Position reached,
                                         bool gpu_is_shared) {
    if (event.out_of_memory) {
        return on_out_of_memory(event.unit, event.reason, gpu_is_shared);
    }
    if (event.signal != SIGKILL &&
        ++histories_[event.unit].crashes[{reached.task, event.signal, event.exit_code}] >=
            limits_.max_same_crashes) {
        const std::string how = event.signal != 0 ? signal_name(event.signal)
                                                  : "exit code " + std::to_string(event.exit_code);
        return {true,
                false,
                FailureKind::Crashed,
                "crashed (" + how + ") " + std::to_string(limits_.max_same_crashes) +
                    " times at task " + std::to_string(reached.task)};
    }
    return on_lost(event.unit, reached, event.reason);
}

RetryDecision RetryPolicy::on_failed(const UnitFailed& event,
                                     Position reached,
                                     bool gpu_is_shared,
                                     std::size_t successes) {
    if (event.kind == FailureKind::OutOfMemory) {
        return on_out_of_memory(event.unit, event.message, gpu_is_shared);
    }
    RetryDecision decision{true, false, event.kind, event.message};
    if (event.kind == FailureKind::Stopped) {
        decision = on_lost(event.unit, reached, event.message);
        decision.kind = decision.give_up ? FailureKind::Lost : FailureKind::Stopped;
    } else if (event.kind == FailureKind::Storage) {
        History& history = histories_[event.unit];
        if (!event.no_room) {
            decision.give_up = ++history.storage_failures >= limits_.max_storage_failures;
            return decision;
        }
        const bool others_succeed = successes > history.successes_then;
        history.full_disk += history.full_disk == 0 || others_succeed ? 1 : 0;
        history.successes_then = successes;
        decision.give_up = history.full_disk >= limits_.max_full_disk;
    }
    return decision;
}

RetryDecision RetryPolicy::on_out_of_memory(std::size_t unit,
                                            const std::string& reason,
                                            bool gpu_is_shared) {
    History& history = histories_[unit];
    if (!gpu_is_shared || history.tried_alone) {
        return {true, false, FailureKind::OutOfMemory, reason};
    }
    history.tried_alone = true;
    return {false,
            true,
            FailureKind::OutOfMemory,
            reason + "; it is tried once more, alone on its GPU"};
}

}  // namespace harrow::coordinator
