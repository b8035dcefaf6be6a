#include "cli/trial_requests.hpp"

#include "cli/run_files.hpp"
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

}  // namespace harrow::cli
