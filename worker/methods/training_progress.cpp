#include "worker/methods/training_progress.hpp"

#include <utility>
#include <vector>

namespace harrow::worker {
namespace {

torch::Tensor integers(const std::vector<std::int64_t>& values) {
    return torch::tensor(values, torch::kInt64);
}

}  // namespace

void end_epoch(TrainingProgress& progress,
               Adam::State moments,
               int task,
               double lr,
               std::int64_t batches,
               const TrainingHooks& hooks) {
    const int epoch = progress.epoch;
    const EpochSums sums = progress.sums;
    if (sums.steps == 0) {
        throw TrainingDiverged(task, epoch, sums.last_loss);
    }
    progress = {epoch + 1, 0, {}, std::move(moments)};
    if (hooks.on_epoch) {
        const auto steps = static_cast<double>(sums.steps);
        hooks.on_epoch({task,
                        epoch,
                        sums.loss / steps,
                        lr,
                        sums.grad_norm.item<double>() / steps,
                        batches - sums.steps});
    }
}

void save_progress(const TrainingProgress& progress, StateTensors& state) {
    if (!progress.optimizer) {
        return;
    }
    const EpochSums& sums = progress.sums;
    state["training.position"] = integers({progress.epoch, progress.batch, sums.steps});
    state["training.losses"] =
        torch::tensor(std::vector<double>{sums.loss, sums.last_loss}, torch::kFloat64);
    if (sums.grad_norm.defined()) {
        state["training.grad_norm"] = sums.grad_norm;
    }
    state["optimizer.steps"] = integers({progress.optimizer->steps});
    state["optimizer.mean"] = progress.optimizer->mean;
    state["optimizer.square"] = progress.optimizer->square;
    if (progress.optimizer->values.defined()) {
        state["optimizer.values"] = progress.optimizer->values;
    }
}

TrainingProgress restored_progress(const StateTensors& state) {
    TrainingProgress progress;
    if (state.count("training.position") == 0) {
        return progress;
    }
    const torch::Tensor& position = state_tensor(state, "training.position", torch::kInt64, {3});
    const torch::Tensor& losses = state_tensor(state, "training.losses", torch::kFloat64, {2});
    progress.epoch = static_cast<int>(position[0].item<std::int64_t>());
    progress.batch = position[1].item<std::int64_t>();
    progress.sums.steps = position[2].item<std::int64_t>();
    progress.sums.loss = losses[0].item<double>();
    progress.sums.last_loss = losses[1].item<double>();
    if (state.count("training.grad_norm") > 0) {
        progress.sums.grad_norm = state_tensor(state, "training.grad_norm", torch::kFloat32, {});
    }
    Adam::State optimizer;
    optimizer.steps =
        state_tensor(state, "optimizer.steps", torch::kInt64, {1}).item<std::int64_t>();
    optimizer.mean = state_tensor(state, "optimizer.mean", torch::kFloat32);
    optimizer.square =
        state_tensor(state, "optimizer.square", torch::kFloat32, optimizer.mean.sizes());
    if (state.count("optimizer.values") > 0) {
        optimizer.values =
            state_tensor(state, "optimizer.values", torch::kFloat32, optimizer.mean.sizes());
    }
    progress.optimizer = std::move(optimizer);
    return progress;
}

}  // namespace harrow::worker
