#pragma once

#include <vector>

#include <torch/torch.h>

namespace harrow::worker {

struct DenseLayer {
    torch::Tensor weight;  ///< [out,in]
    torch::Tensor bias;    ///< [out]
};

/// rows [N,in] through one or more layers with ReLU between them -> [N,out]. One node of the
/// autograd graph, whatever the number of layers.
torch::Tensor relu_network(const torch::Tensor& rows, const std::vector<DenseLayer>& layers);

}  // namespace harrow::worker
