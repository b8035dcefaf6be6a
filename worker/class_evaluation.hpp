#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "storage/patch_scores.hpp"
#include "worker/class_features.hpp"
#include "worker/method.hpp"
#include "worker/state_tensors.hpp"
#include "worker/work_monitor.hpp"

namespace harrow::worker {

/// Nearest of the first `learned` distances of an image; ties go to the smaller task, and a
/// distance that is not a number is never nearest. 0 when none is left.
int nearest_task(const double* distances, int learned);

/// Collects one class's scores over the sequence. With isolated experts an image is scored once by
/// each expert that it is sent to, whatever the number of tasks that follow; otherwise it is scored
/// anew after each task. Patches go to the method in fixed batches, also when only some of a batch
/// are wanted, and images as the whole set, so that no score depends on who else is sent where.
class ClassEvaluation {
public:
    /// `task`: the one that brings the class; `num_tasks`: length of the sequence. `image_paths`:
    /// of the set's images, in order.
    ClassEvaluation(std::string class_name,
                    int task,
                    int num_tasks,
                    const EvaluationSet& set,
                    std::vector<std::string> image_paths);

    /// Scores the images as the method is after `after_task`. `set`: always the same.
    void evaluate(Method& method, const EvaluationSet& set, int after_task, WorkMonitor& monitor);

    /// Scores the first batch of maps and all images again with the class's own expert. True when
    /// every bit is as it was at first: what has_isolated_experts() promises.
    bool is_unchanged(Method& method, const EvaluationSet& set) const;

    /// What was scored so far, as tensors whose names begin with `prefix`. They are shared with
    /// this object.
    void save(const std::string& prefix, StateTensors& state);
    /// Into a new object of the same class. Throws storage::UnusableCheckpoint.
    void restore(const std::string& prefix, const StateTensors& state);

    storage::ClassScores take() { return std::move(scores_); }

private:
    bool has_maps() const { return scores_.height > 0; }
    void update_distances(Method& method,
                          const FeatureRows& images,
                          int learned,
                          WorkMonitor& monitor);
    void score_wanted(Method& method,
                      const EvaluationSet& set,
                      int expert,
                      const std::function<bool(std::int64_t image)>& wanted,
                      WorkMonitor& monitor);
    torch::Tensor score_batch(Method& method,
                              const EvaluationSet& set,
                              int expert,
                              std::int64_t first) const;
    std::vector<double> score_set(Method& method, const EvaluationSet& set, int expert) const;
    const std::vector<double>& set_scores(Method& method,
                                          const EvaluationSet& set,
                                          int expert,
                                          WorkMonitor& monitor);
    std::int32_t& map_index(int expert, std::int64_t image);

    storage::ClassScores scores_;
    int num_tasks_;
    bool scores_images_;
    std::map<int, std::vector<std::int32_t>> map_of_expert_;  ///< [N], -1: not scored
    /// [N], of every image, also of those that are not sent to the expert.
    std::map<int, std::vector<double>> set_scores_of_expert_;
};

}  // namespace harrow::worker
