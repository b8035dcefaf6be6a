#include "cli/run_journal.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "cli/quantities.hpp"
#include "cli/run_files.hpp"
#include "cli/run_limits.hpp"
#include "cli/status_view.hpp"
#include "cli/work_time_text.hpp"
#include "storage/journal_records.hpp"

namespace harrow::cli {
namespace {

constexpr std::uint64_t kRoomForWork = 16U << 20U;  // bytes that must be free for a worker to go on

storage::UnitKind record_kind(coordinator::UnitKind kind) {
    return kind == coordinator::UnitKind::Extract ? storage::UnitKind::Extraction
                                                  : storage::UnitKind::Training;
}

/// "invalid_scores: class x, image y" -> its first word.
std::string state_of(const std::string& error) {
    return error.substr(0, error.find(':'));
}

}  // namespace

RunJournal::RunJournal(storage::Journal& journal,
                       const storage::RunDirectory& directory,
                       const WorkUnits& work,
                       coordinator::ProgressDisplay& display,
                       std::vector<std::filesystem::path> written,
                       const coordinator::RunLimits& limits)
    : journal_(journal),
      directory_(directory),
      work_(work),
      display_(display),
      written_(std::move(written)),
      limits_(limits) {}

std::string RunJournal::label(std::size_t unit) const {
    return work_.plan.units[unit].label;
}

void RunJournal::started(std::size_t unit, int attempt, const coordinator::SlotPlace& place) {
    const UnitMeaning& meaning = work_.meanings[unit];
    final_states_.erase(unit);  // it failed, and is tried again because it or another was retried
    storage::append_record(journal_,
                           storage::StartedRecord{record_kind(meaning.kind),
                                                  meaning.key,
                                                  attempt,
                                                  place.name,
                                                  place.host,
                                                  utc_now(),
                                                  label(unit),
                                                  meaning.trials});
    if (!display_.live()) {
        display_.line("start " + label(unit) + " on " + place.name +
                      (attempt > 1 ? " (attempt " + std::to_string(attempt) + ")" : ""));
    }
}

void RunJournal::checkpointed(const coordinator::Checkpointed& report) {
    storage::append_record(journal_,
                           storage::CheckpointRecord{work_.meanings[report.unit].key,
                                                     static_cast<int>(report.attempt),
                                                     report.task,
                                                     report.epoch,
                                                     report.bytes,
                                                     utc_now()});
}

void RunJournal::resumed(const coordinator::Resumed& report) {
    storage::append_record(journal_,
                           storage::ResumedRecord{work_.meanings[report.unit].key,
                                                  static_cast<int>(report.attempt),
                                                  report.task,
                                                  report.epoch,
                                                  utc_now()});
    if (!display_.live()) {
        display_.line("resume " + label(report.unit) + " from its checkpoint " +
                      position_text(report.task, report.epoch));
    }
}

void RunJournal::rank_lost(const coordinator::RankLost& lost) {
    storage::append_record(journal_,
                           storage::LostRankRecord{lost.rank, lost.host, lost.reason, utc_now()});
    warning("rank " + std::to_string(lost.rank) + " (" + lost.host + ") is lost: " + lost.reason +
            "; its work goes to other slots");
}

void RunJournal::worker_lost(const coordinator::SlotPlace& place,
                             const coordinator::ChildLost& lost) {
    storage::append_record(journal_,
                           storage::LostWorkerRecord{place.name,
                                                     place.host,
                                                     lost.reason,
                                                     lost.signal,
                                                     lost.exit_code,
                                                     lost.peak_rss_bytes,
                                                     lost.stderr_tail,
                                                     utc_now()});
    warning("slot " + place.name + ": its worker died between two units of work (" + lost.reason +
            "); a fresh one is started");
}

void RunJournal::slot_lost(const coordinator::SlotPlace& place, const std::string& reason) {
    storage::append_record(journal_,
                           storage::LostSlotRecord{place.name, place.host, reason, utc_now()});
    warning(reason + "\nno more work goes to this slot");
}

void RunJournal::finished(std::size_t unit,
                          int attempt,
                          const coordinator::SlotPlace& place,
                          const coordinator::WorkResult& result) {
    const UnitMeaning& meaning = work_.meanings[unit];
    times_ += result.times;
    seconds_ += result.seconds;
    if (meaning.kind == coordinator::UnitKind::Extract) {
        storage::append_record(
            journal_,
            storage::ExtractedRecord{
                meaning.key, result.images_extracted, result.seconds, place.name, attempt});
    } else if (meaning.trains) {
        storage::append_record(
            journal_,
            storage::TrainedRecord{meaning.key, result.seconds, place.name, attempt, result.cost});
    }
    storage::FinishedRecord record{meaning.key, {}};
    for (const coordinator::TrialResult& trial : result.trials) {
        if (trial.error.empty() && !is_cancelled(trial.trial)) {
            record.trials.push_back({trial.trial, trial.rows, trial.notes});
        }
    }
    finished_.insert(unit);
    if (result.times.score > 0) {
        record.score_seconds = result.times.score / static_cast<double>(result.trials.size());
    }
    if (!record.trials.empty()) {
        storage::append_record(journal_, record);
    }
    record_trial_failures(unit, attempt, result);
    for (const std::string& note : result.notes) {
        display_.line(label(unit) + ": " + note);
    }
    if (!display_.live()) {
        display_.line("done  " + label(unit) + " in " + coordinator::duration_text(result.seconds) +
                      extraction_text(result));
    }
}

void RunJournal::record_trial_failures(std::size_t unit,
                                       int attempt,
                                       const coordinator::WorkResult& result) {
    for (const coordinator::TrialResult& trial : result.trials) {
        if (trial.error.empty() || is_cancelled(trial.trial)) {
            continue;
        }
        storage::append_record(journal_,
                               storage::FailedRecord{storage::UnitKind::Training,
                                                     work_.meanings[unit].key,
                                                     attempt,
                                                     state_of(trial.error),
                                                     trial.error,
                                                     true,
                                                     {trial.trial},
                                                     "",
                                                     "",
                                                     0,
                                                     0,
                                                     0,
                                                     "",
                                                     utc_now()});
        failed_alone_.insert(trial.trial);
        display_.line("failed " + label(unit) + ": " + trial.error);
    }
}

std::string RunJournal::inherited_state(std::size_t unit) const {
    for (std::size_t needed : work_.plan.units[unit].depends_on) {
        const auto found = final_states_.find(needed);
        if (found != final_states_.end()) {
            return found->second;
        }
    }
    return std::string(coordinator::name_of(coordinator::FailureKind::Dependency));
}

void RunJournal::failed(const coordinator::UnitFailure& failure) {
    const UnitMeaning& meaning = work_.meanings[failure.unit];
    const std::string state = failure.kind == coordinator::FailureKind::Dependency
                                  ? inherited_state(failure.unit)
                                  : std::string(coordinator::name_of(failure.kind));
    storage::FailedRecord record{record_kind(meaning.kind),
                                 meaning.key,
                                 failure.attempt,
                                 state,
                                 failure.message,
                                 failure.final,
                                 meaning.trials,
                                 failure.place.name,
                                 failure.place.host,
                                 failure.signal,
                                 failure.exit_code,
                                 failure.peak_rss_bytes,
                                 failure.stderr_tail,
                                 utc_now()};
    storage::append_record(journal_, record);
    if (failure.final) {
        final_states_[failure.unit] = state;
        failed_with_unit_.insert(meaning.trials.begin(), meaning.trials.end());
    }
    if (failure.kind == coordinator::FailureKind::Cancelled && meaning.trains) {
        remove_checkpoints(directory_, meaning.key);  // a worker that ran it did so already
    }
    display_.line((failure.final ? "failed " : "retry  ") + label(failure.unit) + ": " + state +
                  ": " + failure.message);
}

void RunJournal::revived(std::size_t unit) {
    final_states_.erase(unit);
    std::vector<std::string> trials;  // that nobody named
    for (const std::string& trial : work_.meanings[unit].trials) {
        if (failed_with_unit_.erase(trial) > 0 && !is_cancelled(trial)) {
            trials.push_back(trial);
        }
    }
    if (!trials.empty()) {
        storage::append_record(journal_, storage::RetriedRecord{trials, "harrow", utc_now()});
    }
}

std::size_t RunJournal::failed_trials() const {
    std::size_t failed = failed_alone_.size();
    for (const auto& [unit, state] : final_states_) {
        if (state == coordinator::name_of(coordinator::FailureKind::Cancelled)) {
            continue;
        }
        const std::vector<std::string>& trials = work_.meanings[unit].trials;
        failed += static_cast<std::size_t>(
            std::count_if(trials.begin(), trials.end(), [this](const std::string& trial) {
                return !is_cancelled(trial);
            }));
    }
    return failed;
}

void RunJournal::set_cancelled(const std::string& trial, bool cancelled) {
    if (cancelled) {
        cancelled_.insert(trial);
    } else {
        cancelled_.erase(trial);
        failed_with_unit_.erase(trial);
    }
}

bool RunJournal::is_open(std::size_t unit) const {
    return finished_.count(unit) == 0 && final_states_.count(unit) == 0;
}

bool RunJournal::reopen(std::size_t unit) {
    return final_states_.erase(unit) > 0;
}

TrialFate RunJournal::fate(std::size_t unit, const std::string& trial) const {
    if (is_open(unit)) {
        return TrialFate::Open;
    }
    return finished_.count(unit) > 0 && failed_alone_.count(trial) == 0 ? TrialFate::Finished
                                                                        : TrialFate::Failed;
}

void RunJournal::requested(const std::string& verb, std::size_t trials, const std::string& by) {
    display_.line(verb + " " + std::to_string(trials) + (trials == 1 ? " trial" : " trials") +
                  ", asked by " + by);
}

std::string RunJournal::time_text() const {
    return slot_time_text(times_, seconds_);
}

bool RunJournal::commit() {
    try {
        journal_.commit();
    } catch (const storage::NoSpaceError& error) {
        if (!std::exchange(journal_full_, true)) {
            display_.line("paused: " + std::string(error.what()) + " (" +
                          size_text(journal_.pending_bytes()) + " to record; " + pause_text());
        }
        return false;
    }
    if (std::exchange(journal_full_, false)) {
        display_.line("there is room again: the run goes on, nothing was lost");
    }
    return true;
}

std::string RunJournal::pause_text() const {
    const auto seconds = [](std::chrono::milliseconds time) {
        return coordinator::duration_text(std::chrono::duration<double>(time).count());
    };
    return "what runs goes on, nothing new is started; tried again every " +
           seconds(limits_.disk_retry) + " for " + seconds(limits_.disk_wait) + ")";
}

void RunJournal::out_of_room(const std::string& message) {
    display_.line("paused: " + message + " (at least " + size_text(kRoomForWork) + " are needed; " +
                  pause_text());
}

bool RunJournal::has_room() {
    const bool all = std::all_of(written_.begin(), written_.end(), [](const auto& directory) {
        return storage::has_room_for(directory, kRoomForWork);
    });
    if (all) {
        display_.line("there is room again: the run goes on");
    }
    return all;
}

void RunJournal::draining(const coordinator::DrainNotice& notice) {
    using coordinator::StopCause;
    const auto now = std::chrono::system_clock::now();
    const std::string why = notice.cause == StopCause::TimeLimit ? "the time limit draws near"
                            : notice.cause == StopCause::Signal  ? "stopping on request"
                                                                 : "stopping at once";
    const std::string running = notice.running == 0 ? "nothing runs"
                                : notice.running == 1
                                    ? "1 unit runs"
                                    : std::to_string(notice.running) + " units run";
    std::string text = why + ": no new work is started; ";
    if (notice.cause == StopCause::Now || notice.running == 0) {
        display_.line(text + running);
        return;
    }
    text += running;
    if (notice.drain.count() > 0) {
        text += ", may go on until " + moment_text(now + notice.drain, now);
    }
    const auto work_ends = notice.finished_in && *notice.finished_in < notice.drain
                               ? std::chrono::milliseconds(*notice.finished_in)
                               : notice.drain;
    text += ", then a checkpoint is kept; the end is expected at " +
            moment_text(now + work_ends, now) + ", at the latest " +
            moment_text(now + notice.at_most, now);
    display_.line(text + (notice.cause == StopCause::Signal ? "; another signal ends it now" : ""));
}

void RunJournal::warning(const std::string& message) {
    display_.line("warning: " + message);
}

void RunJournal::tick(const coordinator::RunSnapshot& snapshot) {
    journal_.keep_lock();
    display_.update(snapshot);
}

}  // namespace harrow::cli
