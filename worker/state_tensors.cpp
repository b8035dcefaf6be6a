#include "worker/state_tensors.hpp"

#include <sstream>

#include "storage/checkpoint.hpp"

namespace harrow::worker {
namespace {

[[noreturn]] void refuse(const std::string& name, const std::string& what) {
    throw storage::UnusableCheckpoint("'" + name + "' " + what +
                                      ": it is of another method or configuration");
}

}  // namespace

const torch::Tensor& state_tensor(const StateTensors& state,
                                  const std::string& name,
                                  torch::ScalarType type) {
    const auto found = state.find(name);
    if (found == state.end()) {
        refuse(name, "is missing");
    }
    if (found->second.scalar_type() != type) {
        refuse(name,
               std::string("holds ") + c10::toString(found->second.scalar_type()) + " where " +
                   c10::toString(type) + " was expected");
    }
    return found->second;
}

const torch::Tensor& state_tensor(const StateTensors& state,
                                  const std::string& name,
                                  torch::ScalarType type,
                                  torch::IntArrayRef shape) {
    const torch::Tensor& tensor = state_tensor(state, name, type);
    if (tensor.sizes() != shape) {
        std::ostringstream text;
        text << "is " << tensor.sizes() << " where " << shape << " was expected";
        refuse(name, text.str());
    }
    return tensor;
}

void restore_tensor(const StateTensors& state, const std::string& name, torch::Tensor target) {
    const torch::NoGradGuard no_grad;
    target.copy_(state_tensor(state, name, target.scalar_type(), target.sizes()));
}

}  // namespace harrow::worker
