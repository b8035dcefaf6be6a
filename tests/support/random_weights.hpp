#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "storage/weights/safetensors_writer.hpp"
#include "sweeps/backbones.hpp"

namespace harrow::tests {

/// Whose names a transformer's tensors have; ResNets have one naming.
enum class Naming { Timm, HuggingFace };

/// One tensor of an architecture and how its values are drawn: uniform, mean +- spread.
struct TensorPlan {
    std::string name;
    std::vector<std::int64_t> shape;
    float mean = 0;
    float spread = 0;
};

/// Every tensor of the published files of a ResNet, ViT or DINOv2, classifier included. Values keep
/// activations of order one. Throws std::invalid_argument for another family.
std::vector<TensorPlan> plan_weights(const sweeps::BackboneArchitecture& architecture,
                                     Naming naming = Naming::Timm);

/// Values of the plan; equal seeds give equal values.
std::vector<storage::FloatTensor> draw_weights(const std::vector<TensorPlan>& plan,
                                               std::uint64_t seed);

void write_random_weights(const std::filesystem::path& path,
                          const sweeps::BackboneArchitecture& architecture,
                          std::uint64_t seed,
                          Naming naming = Naming::Timm);

/// The same tensors, all zero, in a file that takes no room on the disk.
void write_blank_weights(const std::filesystem::path& path,
                         const sweeps::BackboneArchitecture& architecture);

}  // namespace harrow::tests
