#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "coordinator/work.hpp"
#include "storage/run_directory.hpp"
#include "sweeps/sweep.hpp"
#include "sweeps/work_plan.hpp"

namespace harrow::cli {

/// What a unit of the run is made of.
struct UnitSource {
    bool extracts = false;
    bool trains = false;              ///< false for a training: stored patch scores are only scored
    std::size_t index = 0;            ///< into WorkPlan::extractions or ::trainings
    std::vector<std::size_t> trials;  ///< to be scored, indexes; empty: all of the training
};

/// Writes what is sent to a worker for a unit when it is sent: the texts of a hundred thousand
/// trainings would fill the coordinator's memory.
class UnitPayloads {
public:
    /// All but `directory` must outlive this object.
    UnitPayloads(const sweeps::Sweep& sweep,
                 const sweeps::WorkPlan& plan,
                 storage::RunDirectory directory);

    /// JSON of ExtractionWork or TrainingWork.
    std::string text(const UnitSource& source);

private:
    /// Canonical texts and places of one cell; units of one cell often follow each other.
    struct CellTexts {
        std::string training, all, data_root, weights;
    };

    std::string extraction(const sweeps::PlannedExtraction& extraction) const;
    std::string training(const sweeps::PlannedTraining& training, const UnitSource& source);
    const CellTexts& texts_of(std::size_t cell);

    const sweeps::Sweep& sweep_;
    const sweeps::WorkPlan& plan_;
    storage::RunDirectory directory_;
    std::map<std::size_t, CellTexts> texts_;  ///< by cell; bounded
};

}  // namespace harrow::cli
