#include "cli/trial_requests.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <system_error>

#include "cli/run_files.hpp"
#include "coordinator/messages.hpp"
#include "storage/checkpoint_directory.hpp"
#include "storage/journal_records.hpp"

namespace harrow::cli {
namespace {

enum class Change { Made, AlreadySo, Refused };

struct Judgement {
    Change change = Change::Refused;
    const char* words = "";
};

Judgement judge_cancel(TrialFate fate) {
    switch (fate) {
        case TrialFate::Open:
        case TrialFate::Failed:
            return {Change::Made, "cancelled"};
        case TrialFate::Cancelled:
            return {Change::AlreadySo, "was cancelled before"};
        case TrialFate::Finished:
            return {Change::Refused, "is finished and stays so"};
        case TrialFate::Unknown:
            break;
    }
    return {Change::Refused, "is no trial of this run"};
}

Judgement judge_retry(TrialFate fate) {
    switch (fate) {
        case TrialFate::Failed:
        case TrialFate::Cancelled:
            return {Change::Made, "will be run again"};
        case TrialFate::Open:
            return {Change::AlreadySo, "has not failed; it waits or runs"};
        case TrialFate::Finished:
            return {Change::Refused, "is finished; there is nothing to retry"};
        case TrialFate::Unknown:
            break;
    }
    return {Change::Refused, "is no trial of this run"};
}

bool is_cancelled(const storage::RunState& state, const std::string& trial) {
    const auto failed = state.failed.find(trial);
    return failed != state.failed.end() &&
           failed->second.state == coordinator::name_of(coordinator::FailureKind::Cancelled);
}

}  // namespace

RequestEffect effect_of(const storage::InboxRequest& request,
                        const std::function<TrialFate(const std::string&)>& fate) {
    RequestEffect effect;
    if (request.verb != kCancel && request.verb != kRetry) {
        effect.lines = {"'" + request.verb + "' is nothing this Harrow can do to a run"};
        return effect;
    }
    for (const std::string& trial : request.trials) {
        const Judgement judgement =
            request.verb == kCancel ? judge_cancel(fate(trial)) : judge_retry(fate(trial));
        if (judgement.change == Change::Made) {
            effect.trials.push_back(trial);
        }
        effect.done = effect.done || judgement.change != Change::Refused;
        effect.lines.push_back(trial + " " + judgement.words);
    }
    return effect;
}

void append_effect(storage::Journal& journal,
                   const storage::InboxRequest& request,
                   const RequestEffect& effect) {
    if (effect.trials.empty()) {
        return;
    }
    if (request.verb == kCancel) {
        storage::append_record(journal,
                               storage::CancelledRecord{effect.trials, request.by, utc_now()});
    } else {
        storage::append_record(journal,
                               storage::RetriedRecord{effect.trials, request.by, utc_now()});
    }
}

void remove_checkpoints(const storage::RunDirectory& directory, const std::string& training_key) {
    std::error_code ignored;
    if (!std::filesystem::exists(directory.scores_file(training_key), ignored)) {
        storage::CheckpointDirectory(
            storage::training_checkpoints(directory.training_directory(training_key)))
            .remove_all();
    }
}

void remove_checkpoints_of_cancelled(const storage::RunDirectory& directory,
                                     const std::vector<storage::JournalRecord>& records,
                                     const storage::RunState& state,
                                     const std::vector<std::string>& trials) {
    std::map<std::string, std::set<std::string>> trials_of;  // by training key
    for (const storage::JournalRecord& record : records) {
        if (record.type == "started") {
            const auto started = std::get<storage::StartedRecord>(storage::parse_record(record));
            if (started.kind == storage::UnitKind::Training) {
                trials_of[started.key].insert(started.trials.begin(), started.trials.end());
            }
        }
    }
    for (const auto& [key, all] : trials_of) {
        const bool concerned =
            std::any_of(trials.begin(), trials.end(), [&served = all](const std::string& trial) {
                return served.count(trial) > 0;
            });
        const bool unwanted = std::all_of(all.begin(), all.end(), [&](const std::string& trial) {
            return is_cancelled(state, trial);
        });
        if (concerned && unwanted) {
            remove_checkpoints(directory, key);
        }
    }
}

}  // namespace harrow::cli
