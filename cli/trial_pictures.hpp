#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "analysis/gallery_choice.hpp"
#include "storage/datasets/dataset.hpp"
#include "storage/datasets/image.hpp"
#include "storage/patch_scores.hpp"
#include "storage/run_directory.hpp"
#include "storage/run_state.hpp"
#include "sweeps/trial_config.hpp"

namespace harrow::cli {

/// What the disk holds to show of one trial: the patch scores of its training, and its images where
/// they were when the sweep was written.
class TrialPictures {
public:
    /// `state` as training_of() wants it. Throws sweeps::UsageError when the trial is not finished,
    /// looks at no image or its patch scores are gone.
    TrialPictures(const storage::RunDirectory& directory,
                  const storage::RunState& state,
                  const storage::CellRecord& cell,
                  std::uint64_t seed);
    TrialPictures(TrialPictures&&) = default;
    TrialPictures& operator=(TrialPictures&&) = default;
    TrialPictures(const TrialPictures&) = delete;
    TrialPictures& operator=(const TrialPictures&) = delete;
    ~TrialPictures() = default;

    const std::string& name() const { return name_; }
    const sweeps::TrialConfig& config() const { return config_; }
    const storage::PatchScores& scores() const { return scores_; }
    /// Null when the trial has no such class.
    const storage::ClassScores* find_class(const std::string& name) const;

    /// The class's images with their scores under the final model, rated. Throws sweeps::DataError
    /// when one is not in the data any more.
    analysis::ScoredClass rated(const storage::ClassScores& one) const;
    /// Whether there is a heat map of every image; a method that scores images may give none.
    bool has_maps() const;
    /// Patch scores of all its images under the final model, [images, height, width].
    std::vector<float> final_patches(const storage::ClassScores& one) const;

    /// Pictures [size, size] of one image.
    storage::Image rgb(const storage::ClassScores& one, std::size_t image, int size) const;
    std::vector<std::uint8_t> mask(const storage::ClassScores& one,
                                   std::size_t image,
                                   int size) const;
    /// Smoothed as for the metrics, in proportion to the size. Only with has_maps().
    std::vector<float> heat_map(const storage::ClassScores& one, std::size_t image, int size) const;

private:
    /// Place of an image's map and score under the final model.
    std::size_t final_place(const storage::ClassScores& one, std::size_t image, bool oracle) const;
    const float* map_at(const storage::ClassScores& one, std::size_t place) const;
    double score_at(const storage::ClassScores& one, std::size_t place) const;
    const storage::ImageEntry& entry(const storage::ClassScores& one, std::size_t image) const;

    std::string name_;
    sweeps::TrialConfig config_;
    storage::PatchScores scores_;
    storage::Dataset dataset_;
    std::map<std::string, const storage::ImageEntry*> entries_;  // of test images, by path
};

/// By name, any of its names, id, or the first 8 or more digits of it. Throws sweeps::UsageError
/// with the nearest name.
const storage::CellRecord& find_cell_record(const storage::RunState& state,
                                            const std::string& name);

}  // namespace harrow::cli
