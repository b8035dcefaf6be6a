#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cli/status_view.hpp"
#include "storage/journal.hpp"
#include "storage/run_directory.hpp"
#include "storage/run_state.hpp"

namespace harrow::cli {

/// Who holds the directory's lock; where that cannot be told (no locks, another host), whoever
/// renewed its lease within two minutes.
Coordinator coordinator_of(const storage::RunDirectory& directory);

/// A run directory as others write it: what its journal says, kept up to date by reading what is
/// new. Takes no lock and changes nothing.
class LiveRun {
public:
    enum class Records { Forget, Keep };

    /// Throws UsageError when the directory is no run, StorageError on a damaged journal.
    explicit LiveRun(const std::string& dir, Records records = Records::Forget);

    /// Reads what is new.
    void update();

    const storage::RunDirectory& directory() const { return directory_; }
    const storage::RunState& state() const { return replay_->state(); }
    /// With Records::Keep: everything so far.
    const std::vector<storage::JournalRecord>& records() const { return records_; }
    /// As of now; ask before update(), so that the last word of a run that ended is then read.
    StatusFacts facts() const;

private:
    storage::RunDirectory directory_;
    storage::JournalFollower follower_;
    Records keep_;
    std::unique_ptr<storage::RunReplay> replay_;
    std::vector<storage::JournalRecord> records_;
};

}  // namespace harrow::cli
