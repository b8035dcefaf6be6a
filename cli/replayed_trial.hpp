#pragma once

#include <filesystem>
#include <string>

#include "cli/options.hpp"
#include "coordinator/supervisor.hpp"
#include "coordinator/work.hpp"
#include "storage/run_state.hpp"

namespace harrow::cli {

struct ReplayedTrial {
    coordinator::TrialResult result;
    std::string training_key;      ///< on this kind of device
    std::filesystem::path scores;  ///< patch scores, below the given directory
};

/// Trains the training of one trial again, from its features (which are extracted where the cache
/// has none) and from nothing that the run stored, into `directory`; scores that trial.
/// `how`: cache and resident memory. Progress goes to standard error.
/// Throws UsageError when the sweep, its data or weights changed so that the trial is not part of
/// it any more, Error (TrialsFailed) when the training fails, (Resumable) when a signal stops it.
ReplayedTrial replay_trial(const storage::RunState& state,
                           const std::string& trial,
                           const coordinator::SlotSpec& slot,
                           const RunOptions& how,
                           const std::filesystem::path& directory);

}  // namespace harrow::cli
