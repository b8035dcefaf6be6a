#pragma once

#include <vector>

#include "coordinator/work.hpp"
#include "storage/datasets/dataset.hpp"
#include "storage/patch_scores.hpp"
#include "worker/work_monitor.hpp"

namespace harrow::worker {

/// Rows of every trial that shares a training. Labels and masks come from `dataset`.
/// Throws sweeps::DataError when a mask cannot be used or the test images are not those scored.
std::vector<coordinator::TrialResult> score_trials(const std::vector<coordinator::ScoreJob>& jobs,
                                                   const storage::PatchScores& scores,
                                                   const storage::Dataset& dataset,
                                                   WorkMonitor& monitor);

}  // namespace harrow::worker
