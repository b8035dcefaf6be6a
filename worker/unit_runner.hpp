#pragma once

#include <cstdint>
#include <filesystem>

#include "coordinator/work.hpp"
#include "storage/datasets/dataset.hpp"
#include "storage/patch_scores.hpp"
#include "worker/feature_store.hpp"
#include "worker/work_monitor.hpp"

namespace harrow::worker {

/// Does the units of work a coordinator assigns, one at a time; keeps features between them.
class UnitRunner {
public:
    UnitRunner(const std::filesystem::path& cache_root,
               torch::Device device,
               const ResidencyBudget& budget = {},
               int decode_threads = 1);

    /// Publishes the features of one class and split, unless they are there. Throws as
    /// extract_features.
    coordinator::WorkResult extract(const coordinator::ExtractionWork& work, WorkMonitor& monitor);

    /// Trains the sequence, from its last checkpoint on, publishes history.csv and scores.h5 in the
    /// work's directory and scores the trials; with `train` off, or where the scores were published
    /// already, scores what is stored there. `seconds` and `times` of the result count what went
    /// before the checkpoint too. Missing or corrupt features are
    /// extracted, and the result's notes say so. Throws as run_continual and score_trials.
    coordinator::WorkResult train(const coordinator::TrainingWork& work, WorkMonitor& monitor);

private:
    storage::PatchScores train_sequence(const coordinator::TrainingWork& work,
                                        const storage::Dataset& dataset,
                                        coordinator::WorkResult& result,
                                        WorkMonitor& monitor);

    torch::Device device_;
    FeatureStore store_;
};

}  // namespace harrow::worker
