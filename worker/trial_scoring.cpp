#include "worker/trial_scoring.hpp"

#include <cstddef>
#include <utility>

#include "analysis/scoring.hpp"
#include "sweeps/canonical.hpp"
#include "sweeps/error.hpp"
#include "worker/class_images.hpp"

namespace harrow::worker {

namespace {

analysis::ClassTruth class_truth(const storage::ClassScores& scores,
                                 const storage::Dataset& dataset,
                                 storage::Resize resize,
                                 WorkMonitor& monitor) {
    const auto& images = split_images(dataset, scores.class_name, "test");
    bool same = images.size() == scores.image_paths.size();
    for (std::size_t i = 0; same && i < images.size(); ++i) {
        same = images[i].relative_path == scores.image_paths[i];
    }
    if (!same) {
        throw sweeps::DataError("the test images of class '" + scores.class_name + "' under " +
                                dataset.root.string() +
                                " are not those that were scored; put the old files back, or run "
                                "the sweep again in a new directory");
    }
    analysis::ClassTruth truth;
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

}  // namespace

std::vector<coordinator::TrialResult> score_trials(const std::vector<coordinator::ScoreJob>& jobs,
                                                   const storage::PatchScores& scores,
                                                   const storage::Dataset& dataset,
                                                   WorkMonitor& monitor) {
    std::vector<sweeps::ScoreConfig> configs;
    storage::Resize resize{};  // one for all jobs: the features of a training depend on it
    for (const coordinator::ScoreJob& job : jobs) {
        const sweeps::TrialConfig config = sweeps::parse_canonical(job.config_text);
        configs.push_back(config.score);
        resize = storage::resize_named(config.data.resize);
    }
    std::vector<analysis::ClassTruth> truth;
    for (const storage::ClassScores& entry : scores.classes) {
        truth.push_back(class_truth(entry, dataset, resize, monitor));
    }
    std::vector<analysis::TrialScoring> scored = analysis::score_training(scores, truth, configs);
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
