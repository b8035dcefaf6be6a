#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "coordinator/run_loop.hpp"
#include "storage/feature_cache.hpp"
#include "storage/run_directory.hpp"
#include "storage/run_state.hpp"
#include "sweeps/work_plan.hpp"

namespace harrow::cli {

/// What a unit of the run stands for in the sweep.
struct UnitMeaning {
    coordinator::UnitKind kind = coordinator::UnitKind::Train;
    std::string key;                  ///< feature or training key
    bool trains = false;              ///< false for a training: stored patch scores are only scored
    std::vector<std::string> trials;  ///< ids that get rows from it
};

/// The work that is left, with its meaning by unit number.
struct WorkUnits {
    coordinator::RunPlan plan;
    std::vector<UnitMeaning> meanings;
    std::vector<std::string> feature_keys;  ///< that the trainings read, those in the cache too
    std::size_t extractions = 0;
    std::size_t trainings = 0;  ///< that train
};

/// Everything in `plan` that the journal, the cache and the run directory do not hold yet. Trials
/// that failed by themselves stay failed; those that infrastructure failed are tried again. A
/// training whose patch scores are stored only scores. `sweep` and `plan` must outlive the result.
WorkUnits remaining_work(const sweeps::Sweep& sweep,
                         const sweeps::WorkPlan& plan,
                         const storage::RunState& state,
                         const storage::FeatureCache& cache,
                         const storage::RunDirectory& directory);

/// "breadth", "longest" or "file", as the options hold it.
coordinator::Order order_named(const std::string& name);

}  // namespace harrow::cli
