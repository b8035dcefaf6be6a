#include "worker/methods/moleflow/dia.hpp"

#include <cmath>
#include <utility>

namespace harrow::worker {
namespace {

constexpr AffineBounds kBounds{1 / kLogScaleLimit, kLogScaleLimit, 1};

}  // namespace

DeepInvertibleAdapter::DeepInvertibleAdapter(std::int64_t channels,
                                             int num_blocks,
                                             double hidden_ratio,
                                             Initialiser& init)
    : half_(channels / 2) {
    const auto hidden =
        static_cast<std::int64_t>(std::floor(static_cast<double>(channels) * hidden_ratio));
    const auto linear = [&](std::int64_t in, std::int64_t out) {
        const double bound = 1 / std::sqrt(static_cast<double>(in));
        torch::Tensor weight = init.uniform({out, in}, bound);
        return DenseLayer{std::move(weight), init.uniform({out}, bound)};
    };
    const auto net = [&] {
        DenseLayer first = linear(half_, hidden);
        DenseLayer second = linear(hidden, hidden);
        DenseLayer last{init.constant({half_, hidden}, 0), init.constant({half_}, 0)};
        return Net{std::move(first), std::move(second), std::move(last)};
    };
    for (int i = 0; i < num_blocks; ++i) {
        Net scale = net();
        blocks_.push_back({std::move(scale), net()});
    }
}

FlowOutput DeepInvertibleAdapter::forward(const torch::Tensor& rows) const {
    return pass_through(rows, bounded_affine, false);
}

FlowOutput DeepInvertibleAdapter::inverse(const torch::Tensor& rows) const {
    return pass_through(rows, bounded_affine_inverse, true);
}

FlowOutput DeepInvertibleAdapter::pass_through(const torch::Tensor& rows,
                                               AffineStep affine,
                                               bool backwards) const {
    std::vector<torch::Tensor> halves = rows.split(half_, 1);
    torch::Tensor logdet;
    for (std::size_t step = 0; step < blocks_.size(); ++step) {
        const std::size_t i = backwards ? blocks_.size() - 1 - step : step;
        const torch::Tensor& condition = halves[i % 2];
        torch::Tensor& moved = halves[1 - i % 2];
        const FlowOutput result = affine(moved,
                                         relu_network(condition, blocks_[i].scale),
                                         relu_network(condition, blocks_[i].shift),
                                         kBounds);
        moved = result.latent;
        logdet = logdet.defined() ? logdet + result.logdet : result.logdet;
    }
    return {torch::cat(halves, 1), logdet};
}

void DeepInvertibleAdapter::collect(const std::string& prefix,
                                    int expert,
                                    NamedTensors& tensors) const {
    const auto net = [&](const std::string& name, const Net& layers) {
        for (std::size_t i = 0; i < layers.size(); ++i) {
            const std::string layer = name + ".layers." + std::to_string(2 * i);
            tensors.push_back({layer + ".weight", layers[i].weight, TensorRole::Expert, expert});
            tensors.push_back({layer + ".bias", layers[i].bias, TensorRole::Expert, expert});
        }
    };
    for (std::size_t i = 0; i < blocks_.size(); ++i) {
        const std::string block = prefix + "coupling_blocks." + std::to_string(i);
        net(block + ".s_net", blocks_[i].scale);
        net(block + ".t_net", blocks_[i].shift);
    }
}

}  // namespace harrow::worker
