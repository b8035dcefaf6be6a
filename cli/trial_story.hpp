#pragma once

#include <optional>
#include <string>
#include <vector>

#include "storage/journal.hpp"
#include "storage/journal_records.hpp"

namespace harrow::cli {

/// One attempt at a unit of work, as the journal tells it.
struct AttemptStory {
    enum class End {
        Open,        ///< nothing ended it, and its session goes on
        Done,        ///< its rows, patch scores or features are recorded
        Failed,      ///< `failure` says of what
        Interrupted  ///< its session ended before it did
    };
    int attempt = 1;
    std::string slot, host;
    std::string started;  ///< UTC; empty in older journals
    std::optional<storage::ResumedRecord> resumed;
    std::optional<storage::CheckpointRecord> checkpoint;  ///< the last it published
    End end = End::Open;
    double seconds = 0;  ///< of one that is done
    std::optional<storage::FailedRecord> failure;
    storage::SessionStartRecord session;  ///< in which it ran
};

/// What happened to a trial.
struct TrialStory {
    std::string training_key;            ///< empty: nothing was tried for it yet
    std::string label;                   ///< of the training; may be empty
    std::vector<AttemptStory> attempts;  ///< at its training, oldest first
    /// What ended the trial outside of an attempt: its features could not be had, its scores not be
    /// made.
    std::vector<storage::FailedRecord> other_failures;
    std::size_t rows = 0;  ///< of the last `finished` record; 0: not finished
};

/// Throws StorageError on a record that cannot be used.
TrialStory trial_story(const std::vector<storage::JournalRecord>& records,
                       const std::string& trial);

/// The attempts at one unit, an extraction or a training.
std::vector<AttemptStory> unit_story(const std::vector<storage::JournalRecord>& records,
                                     const std::string& key);

}  // namespace harrow::cli
