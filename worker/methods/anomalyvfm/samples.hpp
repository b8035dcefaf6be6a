#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sweeps/anomalies.hpp"
#include "sweeps/trial_config.hpp"

/// Which images a training step sees. Pure: no features, no torch.
namespace harrow::worker::anomalyvfm {

/// A row of one of the class's views.
struct SampleRow {
    std::size_t class_index = 0;  ///< of the task's classes
    std::int64_t row = 0;
};

struct AnomalySample {
    SampleRow place;             ///< in the view `anomalies`
    std::size_t resolution = 0;  ///< index into synthetic.resolutions
    std::int64_t index = 0;      ///< of the anomaly among those of its resolution and class
};

/// All that a task is trained on; a task of several classes pools them, class by class.
struct SamplePool {
    bool normals_among_anomalies = false;  ///< rows of `anomalies`, else of `train`
    std::vector<SampleRow> normals;
    std::vector<AnomalySample> anomalies;       ///< by resolution, then class
    std::vector<std::int64_t> resolution_ends;  ///< in `anomalies`: where each resolution ends
};
/// `rows`: of every class.
SamplePool pool_samples(const std::vector<sweeps::AnomalyRows>& rows);

/// Indices into the pool's normals and anomalies.
struct SampleBatch {
    std::vector<std::int64_t> normals, anomalies;
};

/// The reference's loop of version 1.1, 1.2 and 1.4 (B3): steps begin at 0, batch_size, …; half a
/// batch of each kind from there on, or the first ones where those end too early. Some images are
/// seen twice, many never. The same every epoch.
std::vector<SampleBatch> block_batches(const SamplePool& pool, std::int64_t batch_size);

/// That of version 1.3 (B5): steps begin at 0, n, … with n half a batch of normal images, and one
/// anomaly of every resolution.
std::vector<SampleBatch> block_batches_by_resolution(const SamplePool& pool,
                                                     std::int64_t batch_size);

/// As many steps as the blocks above have, half a batch of each kind. Images take turns: each comes
/// once, in an order that follows from seed, task and round, before any comes again, and epochs go
/// on where the one before ended. `by_resolution`: steps as in version 1.3, and each takes equally
/// many anomalies of every resolution, where half a batch can be divided so; `task`: its name.
std::vector<SampleBatch> shuffled_batches(const SamplePool& pool,
                                          std::int64_t batch_size,
                                          bool by_resolution,
                                          std::uint64_t seed,
                                          const std::string& task,
                                          int epoch);

/// As train.sampling and model.version say. Throws sweeps::UsageError for a sampling it does not
/// know, and sweeps::DataError where there is nothing to train on.
std::vector<SampleBatch> epoch_batches(const sweeps::TrialConfig& config,
                                       const SamplePool& pool,
                                       std::uint64_t seed,
                                       const std::string& task,
                                       int epoch);

}  // namespace harrow::worker::anomalyvfm
