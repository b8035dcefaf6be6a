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

}  // namespace harrow::worker
