#include "cli/trial_story.hpp"

#include <algorithm>
#include <utility>

namespace harrow::cli {
namespace {

using storage::JournalRecord;

bool mentions(const JournalRecord& record, const std::string& id) {
    return record.json.find('"' + id + '"') != std::string::npos;
}

bool has(const std::vector<std::string>& list, const std::string& id) {
    return std::find(list.begin(), list.end(), id) != list.end();
}

/// Looks for the training of a trial in any record that names both.
class TrainingSearch {
public:
    TrainingSearch(const std::string& trial, TrialStory& story) : trial_(trial), story_(story) {}

    void operator()(const storage::StartedRecord& started) {
        if (has(started.trials, trial_)) {
            story_.training_key = started.key;
            story_.label = started.label;
        }
    }
    void operator()(const storage::FinishedRecord& finished) {
        for (const storage::TrialRows& rows : finished.trials) {
            if (rows.trial == trial_) {
                story_.training_key = finished.training_key;
                story_.rows = rows.rows.size();
            }
        }
    }
    void operator()(const storage::FailedRecord& failed) {
        if (has(failed.trials, trial_) && failed.kind == storage::UnitKind::Training) {
            story_.training_key = failed.key;
        }
    }
    template <typename Other>
    void operator()(const Other&) {}

private:
    const std::string& trial_;
    TrialStory& story_;
};

/// Follows one unit through the sessions.
class UnitSearch {
public:
    explicit UnitSearch(const std::string& key) : key_(key) {}

    std::vector<AttemptStory> attempts;
    std::vector<storage::FailedRecord> other_failures;

    void operator()(const storage::SessionStartRecord& start) {
        session_ = start;
        interrupt();
    }
    void operator()(const storage::SessionEndRecord&) { interrupt(); }
    void operator()(const storage::StartedRecord& started) {
        if (started.key == key_) {
            AttemptStory attempt;
            attempt.attempt = started.attempt;
            attempt.slot = started.slot;
            attempt.host = started.host;
            attempt.started = started.time;
            attempt.session = session_;
            attempts.push_back(std::move(attempt));
        }
    }
    void operator()(const storage::ResumedRecord& resumed) {
        if (AttemptStory* attempt = open(resumed.key, resumed.attempt)) {
            attempt->resumed = resumed;
        }
    }
    void operator()(const storage::CheckpointRecord& checkpoint) {
        if (AttemptStory* attempt = open(checkpoint.key, checkpoint.attempt)) {
            attempt->checkpoint = checkpoint;
        }
    }
    void operator()(const storage::ExtractedRecord& done) {
        finish(done.feature_key, done.attempt, done.seconds);
    }
    void operator()(const storage::TrainedRecord& done) {
        finish(done.training_key, done.attempt, done.seconds);
    }
    void operator()(const storage::FinishedRecord& done) {
        if (done.training_key == key_ && !attempts.empty() &&
            attempts.back().end == AttemptStory::End::Open) {
            attempts.back().end = AttemptStory::End::Done;  // stored patch scores were only scored
        }
    }
    void operator()(const storage::FailedRecord& failed) {
        if (failed.key != key_) {
            return;
        }
        if (AttemptStory* attempt = open(failed.key, failed.attempt)) {
            attempt->end = AttemptStory::End::Failed;
            attempt->failure = failed;
        } else {
            other_failures.push_back(failed);
        }
    }
    template <typename Other>
    void operator()(const Other&) {}

private:
    AttemptStory* open(const std::string& key, int attempt) {
        return key == key_ && !attempts.empty() && attempts.back().attempt == attempt &&
                       attempts.back().end == AttemptStory::End::Open
                   ? &attempts.back()
                   : nullptr;
    }
    void finish(const std::string& key, int number, double seconds) {
        if (AttemptStory* attempt = open(key, number)) {
            attempt->end = AttemptStory::End::Done;
            attempt->seconds = seconds;
        }
    }
    void interrupt() {
        if (!attempts.empty() && attempts.back().end == AttemptStory::End::Open) {
            attempts.back().end = AttemptStory::End::Interrupted;
        }
    }

    const std::string& key_;
    storage::SessionStartRecord session_;
};

UnitSearch follow(const std::vector<JournalRecord>& records, const std::string& key) {
    UnitSearch search(key);
    for (const JournalRecord& record : records) {
        if (record.type == "session_start" || record.type == "session_end" ||
            mentions(record, key)) {
            std::visit(search, storage::parse_record(record));
        }
    }
    return search;
}

}  // namespace

TrialStory trial_story(const std::vector<JournalRecord>& records, const std::string& trial) {
    TrialStory story;
    TrainingSearch search(trial, story);
    for (const JournalRecord& record : records) {
        if (mentions(record, trial)) {
            std::visit(search, storage::parse_record(record));
        }
    }
    if (!story.training_key.empty()) {
        UnitSearch unit = follow(records, story.training_key);
        story.attempts = std::move(unit.attempts);
        std::copy_if(
            unit.other_failures.begin(),
            unit.other_failures.end(),
            std::back_inserter(story.other_failures),
            [&](const storage::FailedRecord& failed) { return has(failed.trials, trial); });
    }
    return story;
}

std::vector<AttemptStory> unit_story(const std::vector<JournalRecord>& records,
                                     const std::string& key) {
    return follow(records, key).attempts;
}

}  // namespace harrow::cli
