#pragma once

#include <map>
#include <string>

#include <torch/torch.h>

namespace harrow::worker {

/// What a checkpoint holds, by name. float32, float64, int32 and int64, on any device.
using StateTensors = std::map<std::string, torch::Tensor>;

/// Throws storage::UnusableCheckpoint when there is no such tensor or it has another type.
const torch::Tensor& state_tensor(const StateTensors& state,
                                  const std::string& name,
                                  torch::ScalarType type);
/// The same; also throws unless its shape is this one.
const torch::Tensor& state_tensor(const StateTensors& state,
                                  const std::string& name,
                                  torch::ScalarType type,
                                  torch::IntArrayRef shape);
/// Copies the values of `name` into `target`, which says type, shape and device.
void restore_tensor(const StateTensors& state, const std::string& name, torch::Tensor target);

}  // namespace harrow::worker
