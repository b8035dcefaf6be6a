#include "worker/methods/moleflow/saved_state.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "storage/checkpoint.hpp"

namespace harrow::worker {
namespace {

const std::string kModel = "model.";

torch::Tensor integers(const std::vector<std::int64_t>& values) {
    return torch::tensor(values, torch::kInt64);
}

std::string prototype_name(std::size_t task, const char* part) {
    return "router." + std::to_string(task) + "." + part;
}

}  // namespace

void save_model(const MoleflowModel& model, StateTensors& state) {
    state[kModel + "experts"] = integers({model.num_experts()});
    for (const NamedTensor& named : model.named_tensors()) {
        state[kModel + named.name] = named.tensor.detach();
    }
}

void restore_model(const StateTensors& state,
                   MoleflowModel& model,
                   const std::function<void()>& add_expert) {
    const auto experts =
        state_tensor(state, kModel + "experts", torch::kInt64, {1}).item<std::int64_t>();
    while (model.num_experts() < experts) {
        add_expert();
    }
    const NamedTensors tensors = model.named_tensors();
    const auto stored = std::count_if(state.begin(), state.end(), [](const auto& entry) {
        return entry.first.compare(0, kModel.size(), kModel) == 0;
    });
    if (static_cast<std::size_t>(stored) != tensors.size() + 1) {
        throw storage::UnusableCheckpoint("it holds " + std::to_string(stored - 1) +
                                          " tensors of a model that has " +
                                          std::to_string(tensors.size()));
    }
    for (const NamedTensor& named : tensors) {
        restore_tensor(state, kModel + named.name, named.tensor);
    }
}

void save_router(const PrototypeRouter& router, StateTensors& state) {
    const std::vector<Prototype>& prototypes = router.prototypes();
    for (std::size_t task = 0; task < prototypes.size(); ++task) {
        state[prototype_name(task, "mean")] = prototypes[task].mean;
        state[prototype_name(task, "cholesky")] = prototypes[task].cholesky;
    }
}

void restore_router(const StateTensors& state, PrototypeRouter& router) {
    std::vector<Prototype> prototypes;
    while (state.count(prototype_name(prototypes.size(), "mean")) > 0) {
        const std::size_t task = prototypes.size();
        Prototype prototype;
        prototype.mean = state_tensor(state, prototype_name(task, "mean"), torch::kFloat64).clone();
        const std::int64_t channels = prototype.mean.numel();
        prototype.cholesky =
            state_tensor(
                state, prototype_name(task, "cholesky"), torch::kFloat64, {channels, channels})
                .clone();
        prototypes.push_back(std::move(prototype));
    }
    router.restore(std::move(prototypes));
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
