#include "worker/methods/moleflow/lora_linear.hpp"

#include <gtest/gtest.h>

#include "tests/golden/model_fixture.hpp"

namespace harrow::tests {
namespace {

torch::Tensor output(const worker::LoraLinear& linear, const torch::Tensor& rows, int expert) {
    return worker::relu_network(rows, {linear.merged(expert)});
}

worker::LoraLinear load_linear(const GoldenFile& file, bool use_lora, bool use_task_bias) {
    const auto weight = file.read("state/base_linear.weight").shape;
    worker::LoraOptions options;
    options.rank = static_cast<int>(file.read("state/lora_A.0").shape.at(0));
    options.alpha = static_cast<double>(file.scalar("scaling")) * options.rank;
    options.use_lora = use_lora;
    options.use_task_bias = use_task_bias;
    worker::Initialiser init = any_initialiser();
    worker::LoraLinear linear(weight.at(1), weight.at(0), options, init);
    for (int expert = 0; expert < num_experts_of(file, "state"); ++expert) {
        linear.add_expert(init);
    }
    worker::NamedTensors tensors;
    linear.collect("", tensors);
    for (const worker::NamedTensor& named : tensors) {
        torch::Tensor target = named.tensor;
        target.copy_(read_tensor(file, "state/" + named.name));
    }
    return linear;
}

TEST(LoraLinear, MatchesReference) {
    const GoldenFile file("lora_linear.h5");
    const torch::Tensor x = read_tensor(file, "x");
    const worker::LoraLinear linear = load_linear(file, true, true);
    worker::NamedTensors tensors;
    linear.collect("", tensors);
    load_state(file, "state", tensors);
    const int num_experts = num_experts_of(file, "state");
    ASSERT_GT(num_experts, 0);
    expect_matches(output(linear, x, worker::kNoExpert), file, "y_task_None");
    expect_matches(output(linear, x, num_experts), file, "y_task_None");
    for (int expert = 0; expert < num_experts; ++expert) {
        const std::string number = std::to_string(expert);
        expect_matches(output(linear, x, expert), file, "y_task_" + number);
        expect_matches(linear.merged(expert).weight, file, "merged_weight_" + number);
    }
}

TEST(LoraLinear, PartsCanBeLeftOut) {
    const GoldenFile file("lora_linear.h5");
    const torch::Tensor x = read_tensor(file, "x");
    expect_matches(output(load_linear(file, true, false), x, 1), file, "y_task_1_nobias");
    expect_matches(output(load_linear(file, false, true), x, 1), file, "y_task_1_nolora");
    expect_matches(output(load_linear(file, false, false), x, 1), file, "y_task_None");
}

TEST(LoraLinear, GradientsMatchReference) {
    const GoldenFile file("lora_linear.h5");
    torch::Tensor x = read_tensor(file, "x");
    const worker::LoraLinear linear = load_linear(file, true, true);
    worker::NamedTensors tensors;
    linear.collect("", tensors);
    const std::vector<torch::Tensor> inputs = {x.requires_grad_(true),
                                               parameter(tensors, "base_linear.weight"),
                                               parameter(tensors, "lora_A.1"),
                                               parameter(tensors, "lora_B.1"),
                                               parameter(tensors, "task_biases.1")};
    const auto grads = gradients((output(linear, x, 1) * read_tensor(file, "g_out")).sum(), inputs);
    expect_matches(grads[0], file, "grad_x");
    expect_matches(grads[1], file, "grad_W");
    expect_matches(grads[2], file, "grad_A1");
    expect_matches(grads[3], file, "grad_B1");
    expect_matches(grads[4], file, "grad_taskbias1");
}

}  // namespace
}  // namespace harrow::tests
