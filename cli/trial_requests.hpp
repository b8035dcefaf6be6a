#pragma once

#include <functional>
#include <string>
#include <vector>

#include "storage/inbox.hpp"
#include "storage/journal.hpp"
#include "storage/run_directory.hpp"
#include "storage/run_state.hpp"

namespace harrow::cli {

/// The verbs that change what a run still does.
constexpr const char* kCancel = "cancel";
constexpr const char* kRetry = "retry";

/// How a trial stands when somebody asks for something about it.
enum class TrialFate { Open, Finished, Failed, Cancelled, Unknown };

/// What becomes of a request.
struct RequestEffect {
    std::vector<std::string> trials;  ///< that change: they belong in the record
    /// One per trial asked for: "<id> cancelled", "<id> is finished and stays so".
    std::vector<std::string> lines;
    bool done = false;  ///< false: no trial is now as was asked
};

RequestEffect effect_of(const storage::InboxRequest& request,
                        const std::function<TrialFate(const std::string&)>& fate);

/// Queues the journal's record of the effect; nothing where nothing changes.
void append_effect(storage::Journal& journal,
                   const storage::InboxRequest& request,
                   const RequestEffect& effect);

/// Of a training that did not end and that nobody wants any more. Nobody may be at work on it; what
/// `keep` left of one that ended stays. Never throws.
void remove_checkpoints(const storage::RunDirectory& directory, const std::string& training_key);

/// The same for every training all of whose trials are cancelled now, `trials` among them. Under
/// the journal's lock.
void remove_checkpoints_of_cancelled(const storage::RunDirectory& directory,
                                     const std::vector<storage::JournalRecord>& records,
                                     const storage::RunState& state,
                                     const std::vector<std::string>& trials);

}  // namespace harrow::cli
