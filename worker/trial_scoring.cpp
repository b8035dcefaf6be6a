#include "worker/trial_scoring.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "analysis/scoring.hpp"
#include "storage/datasets/cut_paste.hpp"
#include "sweeps/canonical.hpp"
#include "sweeps/error.hpp"
#include "sweeps/validation.hpp"
#include "worker/class_images.hpp"

namespace harrow::worker {

namespace {

[[noreturn]] void other_images(const storage::ClassScores& scores,
                               const storage::Dataset& dataset,
                               const std::string& images) {
    throw sweeps::DataError("the " + images + " of class '" + scores.class_name + "' under " +
                            dataset.root.string() +
                            " are not those that were scored; put the old files back, or run the "
                            "sweep again in a new directory");
}

analysis::ClassTruth class_truth(const storage::ClassScores& scores,
                                 const storage::Dataset& dataset,
                                 storage::Resize resize,
                                 WorkMonitor& monitor) {
    const auto& images = split_images(dataset, scores.class_name, "test");
    bool same = images.size() == scores.image_paths.size();
    for (std::size_t i = 0; same && i < images.size(); ++i) {
        same = images[i].relative_path == scores.image_paths[i];
    }
    analysis::ClassTruth truth;
    if (!same) {
        other_images(scores, dataset, truth.images);
    }
    truth.class_name = scores.class_name;
    for (const storage::ImageEntry& image : images) {
        truth.labels.push_back(image.defective ? 1 : 0);
    }
    truth.on_image = [&monitor] { monitor.step(); };
    truth.mask = [&dataset, &images, resize](std::size_t image, int size) {
        return storage::load_mask(dataset, images[image], size, resize);
    };
    return truth;
}

/// Of the images that were held out: normal, then, with pasted anomalies, defective ones. No file
/// is read: the anomalies follow from the images' names.
analysis::ClassTruth held_out_truth(const storage::ClassScores& scores,
                                    const storage::Dataset& dataset,
                                    const sweeps::TrialConfig& config,
                                    WorkMonitor& monitor) {
    analysis::ClassTruth truth;
    truth.class_name = scores.class_name;
    truth.images = "images held out";
    const std::size_t all = scores.image_paths.size();
    const bool pasted = sweeps::has_synthetic(config.validation);
    const std::size_t normal = pasted ? all / 2 : all;
    if (pasted && all % 2 != 0) {
        other_images(scores, dataset, truth.images);
    }
    truth.labels.assign(all, 0);
    std::fill(truth.labels.begin() + static_cast<std::ptrdiff_t>(normal), truth.labels.end(), 1);
    truth.on_image = [&monitor] { monitor.step(); };
    truth.mask = [&scores, normal, layout = dataset.layout, side = config.data.image_size](
                     std::size_t image, int size) {
        return image < normal
                   ? std::vector<std::uint8_t>(static_cast<std::size_t>(size) * size, 0)
                   : storage::cut_paste_mask(
                         storage::path_in_split(layout, scores.image_paths[image]), side, size);
    };
    return truth;
}

}  // namespace

std::vector<coordinator::TrialResult> score_trials(const std::vector<coordinator::ScoreJob>& jobs,
                                                   const storage::PatchScores& scores,
                                                   const storage::Dataset& dataset,
                                                   WorkMonitor& monitor) {
    std::vector<sweeps::ScoreConfig> configs;
    sweeps::TrialConfig last;  // of all jobs alike but for `score`: they share a training
    for (const coordinator::ScoreJob& job : jobs) {
        last = sweeps::parse_canonical(job.config_text);
        configs.push_back(last.score);
    }
    std::vector<analysis::ClassTruth> truth;
    for (const storage::ClassScores& entry : scores.classes) {
        truth.push_back(
            class_truth(entry, dataset, storage::resize_named(last.data.resize), monitor));
    }
    std::vector<analysis::ClassTruth> held_out;
    for (const storage::ClassScores& entry : scores.validation) {
        held_out.push_back(held_out_truth(entry, dataset, last, monitor));
    }
    std::vector<analysis::TrialScoring> scored =
        analysis::score_training(scores, truth, configs, held_out);
    std::vector<coordinator::TrialResult> results;
    for (std::size_t i = 0; i < jobs.size(); ++i) {
        coordinator::TrialResult result;
        result.trial = jobs[i].trial;
        result.rows = std::move(scored[i].rows);
        result.notes = std::move(scored[i].undefined);
        if (scored[i].invalid_scores) {
            result.error = "invalid_scores: " + *scored[i].invalid_scores;
        }
        results.push_back(std::move(result));
    }
    return results;
}

}  // namespace harrow::worker
