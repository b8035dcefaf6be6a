#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/status_view.hpp"
#include "cli/trial_lookup.hpp"
#include "cli/trial_story.hpp"
#include "storage/run_state.hpp"

namespace harrow::cli {

/// The features of one view of a class that a trial's training reads.
struct NeededFeatures {
    std::string label;  ///< "bottle/train", "fabric/anomalies seed 3"
    std::string key;
    bool stored = false;
};

/// What `harrow explain` knows about a trial.
struct ExplainFacts {
    StatusFacts status;
    TrialName trial;
    TrialStory story;
    std::vector<NeededFeatures> needs;  ///< of a trial that is to do
    std::string needs_problem;          ///< why they are not known; empty: they are
    bool has_scores = false;            ///< the patch scores of its training are stored
};

enum class TrialCondition { Finished, Failed, Cancelled, Running, Waiting };
TrialCondition condition_of(const storage::RunState& state, const ExplainFacts& facts);

/// How the trial stands, why, what happened to it and what to do next. Lines without line ends and
/// without anything that steers a terminal.
std::vector<std::string> explain(const storage::RunState& state, const ExplainFacts& facts);

/// What to do about a trial that ended in this state.
std::string advice(const std::string& state, const std::string& dir, const std::string& trial);

}  // namespace harrow::cli
