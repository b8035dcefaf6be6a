#include "cli/run_requests.hpp"

#include <algorithm>

#include "coordinator/messages.hpp"
#include "sweeps/error.hpp"

namespace harrow::cli {
using coordinator::RunRequest;

RunRequests::RunRequests(const storage::RunDirectory& directory,
                         storage::Journal& journal,
                         const WorkUnits& work,
                         TrialsBefore before,
                         RunJournal& observer)
    : directory_(directory),
      inbox_(directory.inbox_directory()),
      journal_(journal),
      work_(work),
      before_(std::move(before)),
      observer_(observer) {
    inbox_.remove_old_answers();
}

std::vector<RunRequest> RunRequests::poll() {
    std::vector<RunRequest> asked;
    try {
        answer_what_is_durable();
        const storage::Inbox::Taken taken = inbox_.take();
        for (const std::string& warning : taken.warnings) {
            observer_.warning(warning);
        }
        for (const storage::InboxRequest& request : taken.requests) {
            const auto waits = [&](const auto& answer) { return answer.first == request.id; };
            if (std::none_of(answers_.begin(), answers_.end(), waits)) {
                const std::vector<RunRequest> more = handle(request);
                asked.insert(asked.end(), more.begin(), more.end());
            }
        }
        answer_what_is_durable();
        warned_ = false;
    } catch (const sweeps::StorageError& error) {
        if (!warned_) {
            observer_.warning("requests cannot be taken: " + std::string(error.what()));
        }
        warned_ = true;
    }
    return asked;
}

std::vector<RunRequest> RunRequests::handle(const storage::InboxRequest& request) {
    if (planned_.empty()) {
        for (std::size_t index = 0; index < before_.plan.trials.size(); ++index) {
            planned_.emplace(before_.plan.trials[index].id, index);
        }
        for (std::size_t unit = 0; unit < work_.meanings.size(); ++unit) {
            for (const std::string& trial : work_.meanings[unit].trials) {
                unit_of_[trial] = unit;
            }
        }
    }
    RequestEffect effect =
        effect_of(request, [this](const std::string& trial) { return fate(trial); });
    append_effect(journal_, request, effect);
    std::set<std::size_t> units;
    auto line = effect.lines.begin();  // in the order of the trials
    for (const std::string& trial : effect.trials) {
        const bool is_cancelled = request.verb == kCancel;
        observer_.set_cancelled(trial, is_cancelled);
        if (is_cancelled) {
            const auto unit = unit_of_.find(trial);
            if (unit != unit_of_.end()) {
                cancel(unit->second, units);
            } else {
                forget_checkpoints(trial);
            }
        } else if (!retry(trial, units)) {
            line = std::find(line, effect.lines.end(), trial + " will be run again");
            *line = trial + " will be run again by the next session (harrow run), not by this one";
        }
    }
    observer_.requested(request.verb, effect.trials.size(), request.by);
    answers_.emplace_back(request.id, storage::InboxAnswer{effect.done, std::move(effect.lines)});
    std::vector<RunRequest> asked;
    for (const std::size_t unit : units) {
        asked.push_back(
            {request.verb == kCancel ? RunRequest::Kind::Cancel : RunRequest::Kind::Retry, unit});
    }
    return asked;
}

TrialFate RunRequests::fate(const std::string& trial) const {
    const auto unit = unit_of_.find(trial);
    if (observer_.is_cancelled(trial)) {
        return TrialFate::Cancelled;
    }
    return unit == unit_of_.end() ? fate_before(trial) : observer_.fate(unit->second, trial);
}

/// Of a trial that no unit of this session serves: it failed before, or it is finished.
TrialFate RunRequests::fate_before(const std::string& trial) const {
    const auto failed = before_.failed.find(trial);
    if (failed != before_.failed.end()) {
        return failed->second.state == coordinator::name_of(coordinator::FailureKind::Cancelled)
                   ? TrialFate::Cancelled
                   : TrialFate::Failed;
    }
    return planned_.count(trial) > 0 ? TrialFate::Finished : TrialFate::Unknown;
}

void RunRequests::forget_checkpoints(const std::string& trial) const {
    const std::vector<sweeps::PlannedTrial>& trials = before_.plan.trials;
    const auto planned = planned_.find(trial);
    if (planned == planned_.end() ||
        trials[planned->second].training >= before_.plan.trainings.size()) {
        return;
    }
    const sweeps::PlannedTraining& training =
        before_.plan.trainings[trials[planned->second].training];
    if (std::all_of(training.trials.begin(), training.trials.end(), [&](std::size_t index) {
            return fate(trials[index].id) == TrialFate::Cancelled;
        })) {
        remove_checkpoints(directory_, training.training_key);
    }
}

/// A training goes on while one of its trials is wanted.
void RunRequests::cancel(std::size_t unit, std::set<std::size_t>& asked) const {
    const std::vector<std::string>& trials = work_.meanings[unit].trials;
    const bool unwanted = std::all_of(trials.begin(), trials.end(), [this](const auto& trial) {
        return observer_.is_cancelled(trial);
    });
    if (unwanted && !observer_.is_open(unit)) {
        remove_checkpoints(directory_, work_.meanings[unit].key);  // it failed before
    } else if (unwanted) {
        asked.insert(unit);
    }
}

bool RunRequests::retry(const std::string& trial, std::set<std::size_t>& asked) {
    const auto found = unit_of_.find(trial);
    if (found == unit_of_.end()) {
        return false;
    }
    const std::size_t unit = found->second;
    if (observer_.is_open(unit)) {
        asked.insert(unit);  // changes something only where it is being cancelled
        return true;
    }
    for (const std::size_t needed : work_.plan.units[unit].depends_on) {
        observer_.reopen(needed);  // the scheduler tries it again by itself
    }
    if (!observer_.reopen(unit)) {
        return false;  // it is done, without this trial
    }
    asked.insert(unit);
    return true;
}

void RunRequests::answer_what_is_durable() {
    if (answers_.empty() || !observer_.commit()) {
        return;
    }
    while (!answers_.empty()) {
        inbox_.answer(answers_.front().first, answers_.front().second);
        answers_.erase(answers_.begin());
    }
}

}  // namespace harrow::cli
