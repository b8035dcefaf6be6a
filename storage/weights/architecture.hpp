#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "storage/weights/safetensors_header.hpp"

namespace harrow::storage {

/// What network a weights file seems to hold, from names and shapes alone.
struct WeightsArchitecture {
    std::string family;      ///< "ResNet", "ViT", "DINOv2"; empty: none that Harrow knows
    std::string naming;      ///< whose tensor names: "torchvision and timm", "timm", "transformers"
    std::string backbone;    ///< the backbone.name it fits, if at any image size; empty: none
    std::string blocks;      ///< ResNet: "3-4-6-3"
    std::int64_t depth = 0;  ///< transformer blocks, or residual blocks
    std::int64_t width = 0;  ///< channels of a token; ResNet: of the first inner convolution
    std::int64_t patch = 0;  ///< pixels; 0 for a ResNet
    std::int64_t registers = 0;   ///< register tokens
    std::int64_t image_size = 0;  ///< pixels its position embedding is made for; 0 for a ResNet
};

/// `tensors` sorted by name, as SafetensorsHeader has them.
WeightsArchitecture guess_architecture(const std::vector<TensorEntry>& tensors);

/// "DINOv2, timm names, depth 12, width 384, patch 14, 4 registers, 518 px". Empty family: "".
std::string architecture_text(const WeightsArchitecture& architecture);

/// Whether a file of this architecture can serve `backbone`, a network read from safetensors. One
/// in which nothing is recognised serves none. The image size does not matter: position embeddings
/// are resampled.
bool may_serve(const WeightsArchitecture& architecture, const std::string& backbone);

/// Tensors that no feature needs: counters of batches (num_batches_tracked), classifier heads,
/// poolers and mask tokens.
bool is_unused_tensor(const TensorEntry& tensor);

/// Floating-point values that training learns: all but unused counters and running statistics.
std::uint64_t parameter_count(const std::vector<TensorEntry>& tensors);

}  // namespace harrow::storage
