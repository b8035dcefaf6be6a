#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <torch/torch.h>

#include "sweeps/error.hpp"
#include "sweeps/trial_config.hpp"
#include "worker/feature_rows.hpp"
#include "worker/state_tensors.hpp"

namespace harrow::worker {

struct EpochRecord {
    int task = 0;
    int epoch = 0;         ///< from 0, within the task
    double loss = 0;       ///< mean over the batches that stepped, without the log-det term
    double lr = 0;         ///< of this epoch
    double grad_norm = 0;  ///< mean global L2 norm before clipping
    std::int64_t skipped_batches = 0;  ///< loss not a number or above 1e8: no step was made
};

struct TrainingHooks {
    // Both may be empty, and may call Method::save_state.
    std::function<void(const EpochRecord&)> on_epoch;
    std::function<bool()> stop;  ///< asked after every batch, true ends training early
};

/// One class of a task, without the images that are held out.
struct TaskClass {
    std::string name;
    SharedRows features;  ///< view train
    // Null where the configuration has no such view (sweeps/feature_views).
    SharedRows maps;             ///< train.maps: the images of `features`
    SharedRows anomalies;        ///< anomalies: rows as sweeps::anomaly_rows has them
    SharedRows anomaly_patches;  ///< anomalies.patches, the same rows
};

struct TaskData {
    int task = 0;         ///< from 0, in sequence order
    SharedRows features;  ///< patch features without position, of all classes one after the other
    std::vector<TaskClass> classes = {};
};

/// Every batch of one epoch was unusable: the configuration diverges. A user failure, never
/// retried.
class TrainingDiverged : public sweeps::Error {
public:
    TrainingDiverged(int task, int epoch, double last_loss);
    int task() const noexcept { return task_; }
    int epoch() const noexcept { return epoch_; }
    double last_loss() const noexcept { return last_loss_; }

private:
    int task_;
    int epoch_;
    double last_loss_;
};

/// What is trained over a sequence of tasks. One thread at a time. Per task the caller does
/// begin_task, train, update_router; scoring may come between tasks or after all of them.
class Method {
public:
    virtual ~Method() = default;

    /// True: expert t never changes after task t, so each test image is scored once per expert.
    virtual bool has_isolated_experts() const = 0;
    virtual bool has_router() const = 0;

    /// Tasks begin in order 0, 1, 2, …
    virtual void begin_task(int task) = 0;
    /// Throws TrainingDiverged, and sweeps::DataError for a task smaller than one batch.
    virtual void train(const TaskData& data, const TrainingHooks& hooks) = 0;
    /// `on_batch`, which may be empty, is called between batches of work; it may throw, which
    /// leaves the method as it was.
    virtual void update_router(const TaskData& data, const std::function<void()>& on_batch) = 0;
    void update_router(const TaskData& data) { update_router(data, {}); }
    /// How many numbers training on this task, which has begun, changes or did change.
    virtual std::int64_t trained_parameters(int task) const = 0;

    /// [B,H,W,D] float32 -> patch scores [B,H,W] float32 on the CPU, larger = more anomalous. The
    /// last bits depend on B: score in batches of one size. Of a method that scores images the
    /// features are those of the maps' view; without one it is never called.
    virtual torch::Tensor score(const torch::Tensor& features, int expert) = 0;
    /// True: image scores are score_images', not made of the patches'.
    virtual bool scores_images() const { return false; }
    /// All images of one set, e.g. a class's test images in their order -> [N] float64 on the CPU,
    /// larger = more anomalous. What one image is given may depend on the others; the same set and
    /// expert are always given the same bits, as long as the expert does not change.
    virtual torch::Tensor score_images(const FeatureRows& images, int expert);
    /// [B,H,W,D] -> distances to every learned task [B,tasks] float64 on the CPU; empty [B,0]
    /// without a router. The nearest (ties: the smaller task) is the expert to score with.
    virtual torch::Tensor route_distances(const torch::Tensor& features) = 0;

    /// All that makes this method differ from a new one of the same configuration, geometry and
    /// seed. From the first hook of train until update_router also what train needs to go on.
    /// Tensors are shared with the method: use them before the next call. No name begins with
    /// "run.".
    virtual StateTensors save_state() const = 0;
    /// Into a new method of the same configuration, geometry and seed; it then goes on to the same
    /// bits. Between begin_task and update_router saved, it is followed by train, which does what
    /// is left. Names that begin with "run." are ignored. Throws storage::UnusableCheckpoint when
    /// the tensors are not those of such a method, which is of no use then.
    virtual void load_state(const StateTensors& state) = 0;
};

/// Throws sweeps::UsageError for a method or option it does not know, and where the geometry does
/// not suit the configuration (channels not a multiple of 4 with position or DIA on).
std::unique_ptr<Method> make_method(const sweeps::TrialConfig& config,
                                    FeatureGeometry geometry,
                                    std::uint64_t seed,
                                    torch::Device device);

}  // namespace harrow::worker
