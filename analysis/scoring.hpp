#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "storage/patch_scores.hpp"
#include "sweeps/result_row.hpp"
#include "sweeps/trial_config.hpp"

namespace harrow::analysis {

/// Mask of test image `image` at [size, size], row-major, non-zero = defect.
using MaskLoader = std::function<std::vector<std::uint8_t>(std::size_t image, int size)>;

/// What is true of one class's test images, in the order of its patch scores.
struct ClassTruth {
    std::string class_name;
    std::vector<std::uint8_t> labels;    ///< [images], non-zero = defective
    MaskLoader mask;                     ///< called once per image and size
    std::function<void()> on_image{};    ///< called for each image that is ranked; may be empty
    std::string images = "test images";  ///< what messages call them
};

struct TrialScoring {
    std::vector<sweeps::MetricRow> rows;        ///< by after_task, class, routing, metric
    std::vector<std::string> undefined;         ///< why a metric has no row; each reason once
    std::optional<std::string> invalid_scores;  ///< NaN or infinity: the trial fails, no rows
};

/// Scores one training under several configurations. For every after_task: each class seen so far,
/// routed and oracle, then `mean` (unweighted; only when every seen class has the value), and after
/// the last task the continual metrics `<metric>.acc .aia .la .bwt .fm` on the matrix of classes.
/// `.fwt` needs a baseline before training, which is not measured: no row.
/// Where the scores have images that were held out, each class also gets val_normal.* and, where
/// `validation` calls some of them defective, val_synth.*, with their means.
/// Where they have images of the data set's split `validation`, each class also gets segf1_local
/// and classf1_local at the threshold these images give; with aucpro_compat, that too. A method
/// that gives no maps has no pixel metric. Pixels of a class are pooled. Identical maps are ranked
/// once, whatever task, routing or configuration asks. Throws sweeps::DataError when truth is
/// missing or does not fit the scores, sweeps::StorageError when the patch scores contradict
/// themselves; what a MaskLoader throws passes.
std::vector<TrialScoring> score_training(const storage::PatchScores& scores,
                                         const std::vector<ClassTruth>& truth,
                                         const std::vector<sweeps::ScoreConfig>& configs,
                                         const std::vector<ClassTruth>& validation = {});

}  // namespace harrow::analysis
