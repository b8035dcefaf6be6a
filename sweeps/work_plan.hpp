#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "sweeps/sweep.hpp"

namespace harrow::sweeps {

/// One view of a class through one backbone.
struct PlannedExtraction {
    Digest feature_key;
    std::string class_name;
    std::string split;  ///< of FeatureView
    std::string view;   ///< name of FeatureView; of the first cell where others call it otherwise
    std::int64_t images = 0;
    Digest images_digest;
    std::size_t cell = 0;  ///< index of the first cell that needs it: its config says how and where
    TrialConfig config;    ///< of that cell, of the class and as the view has it
    std::uint64_t seed = 0;        ///< of images that are made for training: what seeds them
    bool depends_on_seed = false;  ///< other seeds make other images
};

/// What people call it: "bottle/train", "fabric/anomalies seed 3".
std::string label_of(const PlannedExtraction& extraction);

struct PlannedTraining {
    Digest training_key;
    std::uint64_t seed = 0;
    std::size_t cell = 0;             ///< index of a cell whose config trains it
    std::vector<std::size_t> trials;  ///< scored from it, in the order of WorkPlan::trials
    /// Per task, per class: as feature_views has them.
    std::vector<Digest> feature_keys;
    /// Rows of features an epoch is made of: training images; for a method that learns anomalies,
    /// these and as many normal images. Held-out images count too.
    std::int64_t epoch_rows = 0;
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
