#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "sweeps/sweep.hpp"

namespace harrow::sweeps {

/// One class and split through one backbone.
struct PlannedExtraction {
    Digest feature_key;
    std::string class_name;
    std::string split;  ///< of FeatureView
    std::int64_t images = 0;
    Digest images_digest;
    std::size_t cell = 0;  ///< index of the first cell that needs it: its config says how and where
    TrialConfig config;    ///< of that cell, of the class and as the view has it
    std::uint64_t seed = 0;  ///< of images that are made for training: what seeds them
};

struct PlannedTraining {
    Digest training_key;
    std::uint64_t seed = 0;
    std::size_t cell = 0;             ///< index of a cell whose config trains it
    std::vector<std::size_t> trials;  ///< scored from it, in the order of WorkPlan::trials
    /// Per task, per class: as feature_views has them.
    std::vector<Digest> feature_keys;
};

struct PlannedTrial {
    std::string id;
    std::size_t cell = 0;
    std::uint64_t seed = 0;
    std::size_t training = 0;  ///< index into WorkPlan::trainings
};

/// What a sweep needs, each thing once.
struct WorkPlan {
    std::vector<PlannedExtraction> extractions;  ///< in the order of first use
    std::vector<PlannedTraining> trainings;      ///< every cell's first seed before any second one
    std::vector<PlannedTrial> trials;            ///< by cell, then seed
};

/// Pure: nothing is read but the catalog's answers. Throws UsageError when two cells would share a
/// training although their test labels differ.
WorkPlan make_work_plan(const Sweep& sweep,
                        InputCatalog& catalog,
                        const std::string& device_kind = "cpu");

}  // namespace harrow::sweeps
