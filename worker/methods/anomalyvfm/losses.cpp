#include "worker/methods/anomalyvfm/losses.hpp"

namespace harrow::worker::anomalyvfm {

torch::Tensor anomaly_loss(const torch::Tensor& logits, const torch::Tensor& labels) {
    return torch::binary_cross_entropy_with_logits(logits, labels);
}

torch::Tensor confidence_loss(const torch::Tensor& patches,
                              const torch::Tensor& masks,
                              double temperature) {
    const torch::Tensor confidence = torch::upsample_bilinear2d(patches.norm(2, -1).unsqueeze(1),
                                                                {masks.size(1), masks.size(2)},
                                                                /*align_corners=*/false)
                                         .squeeze(1);
    return (torch::sigmoid(confidence / temperature) * (confidence - masks).square()).mean();
}

}  // namespace harrow::worker::anomalyvfm
