#include "worker/methods/moleflow/losses.hpp"

#include <algorithm>
#include <cmath>

namespace harrow::worker {
namespace {

constexpr double kLogTwoPi = 1.8378770664093454836;

}  // namespace

torch::Tensor patch_nll(const torch::Tensor& latent, const torch::Tensor& logdet) {
    const double constant = 0.5 * static_cast<double>(latent.size(-1)) * kLogTwoPi;
    return 0.5 * latent.square().sum(-1) + constant - logdet;
}

torch::Tensor tail_aware_nll(const torch::Tensor& nll, double weight, double top_k_ratio) {
    const torch::Tensor patches = nll.flatten(1);
    const auto count =
        static_cast<std::int64_t>(std::floor(static_cast<double>(patches.size(1)) * top_k_ratio));
    const torch::Tensor worst =
        std::get<0>(patches.topk(std::max<std::int64_t>(1, count), 1, true, false));
    return (1 - weight) * patches.mean() + weight * worst.mean();
}

torch::Tensor summed_nll(const torch::Tensor& nll) {
    return nll.flatten(1).sum(1).mean();
}

TrainingLoss training_loss(const torch::Tensor& latent,
                           const torch::Tensor& logdet,
                           const sweeps::TrainConfig& config) {
    const torch::Tensor nll = patch_nll(latent, logdet);
    TrainingLoss loss;
    loss.data = config.tail_aware_loss
                    ? tail_aware_nll(nll, config.tail_weight, config.tail_top_k_ratio)
                    : summed_nll(nll);
    loss.total = loss.data;
    if (config.lambda_logdet > 0) {
        loss.logdet = logdet.square().mean();
        loss.total = loss.data + config.lambda_logdet * loss.logdet;
    }
    return loss;
}

}  // namespace harrow::worker
