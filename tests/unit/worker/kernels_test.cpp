#include <limits>
#include <vector>

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "worker/methods/initialiser.hpp"
#include "worker/methods/moleflow/depthwise_convolution.hpp"
#include "worker/methods/moleflow/relu_network.hpp"

namespace harrow::worker {
namespace {

torch::Tensor random_tensor(torch::IntArrayRef shape, std::uint64_t seed) {
    Initialiser random(seed, "values", torch::kCPU);
    return random.uniform(shape, 1).set_requires_grad(true);
}

void expect_close(const torch::Tensor& actual, const torch::Tensor& expected) {
    EXPECT_TRUE(torch::allclose(actual, expected, 1e-5, 1e-5))
        << (actual - expected).abs().max().item<double>();
}

/// Gradients of a weighted sum of the output, so that every element's gradient differs.
std::vector<torch::Tensor> gradients(const torch::Tensor& output,
                                     const std::vector<torch::Tensor>& inputs) {
    const torch::Tensor weights = random_tensor(output.sizes(), 99).detach();
    return torch::autograd::grad({(output * weights).sum()}, inputs);
}

TEST(DepthwiseConvolutionTest, EqualsTorchsOwnBothWays) {
    const std::vector<std::vector<std::int64_t>> shapes = {
        {2, 5, 7, 6, 3}, {1, 4, 4, 20, 5}, {3, 1, 2, 3, 5}, {2, 6, 1, 8, 7}};
    for (const auto& shape : shapes) {
        const std::int64_t channels = shape[3], kernel = shape[4];
        const torch::Tensor maps = random_tensor({shape[0], shape[1], shape[2], channels}, 1);
        const torch::Tensor weight = random_tensor({channels, 1, kernel, kernel}, 2);
        const torch::Tensor bias = random_tensor({channels}, 3);
        const torch::Tensor expected =
            torch::conv2d(maps.permute({0, 3, 1, 2}), weight, bias, 1, kernel / 2, 1, channels)
                .permute({0, 2, 3, 1});
        const torch::Tensor actual = depthwise_convolution(maps, weight, bias);
        expect_close(actual, expected);
        const auto wanted = gradients(expected, {maps, weight, bias});
        const auto found = gradients(actual, {maps, weight, bias});
        for (std::size_t i = 0; i < wanted.size(); ++i) {
            expect_close(found[i], wanted[i]);
        }
    }
}

TEST(DepthwiseConvolutionTest, LeavesTheBiasOfOnePatchAlone) {
    const torch::NoGradGuard no_grad;
    const torch::Tensor bias = torch::full({3}, 0.5);
    depthwise_convolution(torch::ones({1, 1, 1, 3}), torch::ones({3, 1, 3, 3}), bias);
    EXPECT_TRUE(bias.equal(torch::full({3}, 0.5)));
}

TEST(ReluNetworkTest, EqualsTorchsOwnBothWays) {
    const torch::Tensor rows = random_tensor({300, 10}, 1);
    const std::vector<DenseLayer> layers = {{random_tensor({17, 10}, 2), random_tensor({17}, 3)},
                                            {random_tensor({9, 17}, 4), random_tensor({9}, 5)},
                                            {random_tensor({4, 9}, 6), random_tensor({4}, 7)}};
    torch::Tensor expected = rows;
    std::vector<torch::Tensor> inputs = {rows};
    for (std::size_t i = 0; i < layers.size(); ++i) {
        expected = torch::linear(expected, layers[i].weight, layers[i].bias);
        expected = i + 1 < layers.size() ? expected.relu() : expected;
        inputs.insert(inputs.end(), {layers[i].weight, layers[i].bias});
    }
    const torch::Tensor actual = relu_network(rows, layers);
    expect_close(actual, expected);
    const auto wanted = gradients(expected, inputs);
    const auto found = gradients(actual, inputs);
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        expect_close(found[i], wanted[i]);
    }
}

TEST(ReluNetworkTest, HidesNoNan) {
    const torch::NoGradGuard no_grad;
    const torch::Tensor weight = torch::ones({2, 2});
    weight[0][0] = std::numeric_limits<float>::quiet_NaN();
    const torch::Tensor bias = torch::zeros({2});
    const torch::Tensor output =
        relu_network(torch::ones({1, 2}), {{weight, bias}, {torch::ones({2, 2}), bias}});
    EXPECT_TRUE(output.isnan().all().item<bool>());
}

}  // namespace
}  // namespace harrow::worker
