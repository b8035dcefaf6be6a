#include "worker/methods/moleflow/lora_linear.hpp"

#include <map>

#include <gtest/gtest.h>

#include "tests/golden/model_fixture.hpp"

namespace harrow::tests {
namespace {

torch::Tensor output(const worker::LoraLinear& linear, const torch::Tensor& rows, int expert) {
    return worker::relu_network(rows, {linear.merged(expert)});
}

/// The groups that hold a layer; "" is the root.
std::vector<std::string> layers_of(const GoldenFile& file) {
    std::vector<std::string> layers;
    if (file.has("x")) {
        layers.emplace_back();
    }
    for (const std::string& group : file.groups()) {
        if (file.has(group + "/x")) {
            layers.push_back(group);
        }
    }
    EXPECT_FALSE(layers.empty()) << file.path() << ": no layer";
    return layers;
}

worker::LoraLinear load_linear(const GoldenFile& file,
                               const std::string& layer,
                               bool use_lora,
                               bool use_task_bias) {
    const std::string state = join(layer, "state");
    const auto weight = file.read(state + "/base_linear.weight").shape;
    worker::LoraOptions options;
    options.rank = static_cast<int>(file.read(state + "/lora_A.0").shape.at(0));
    options.alpha = static_cast<double>(file.scalar(join(layer, "scaling"))) * options.rank;
    options.use_lora = use_lora;
    options.use_task_bias = use_task_bias;
    worker::Initialiser init = any_initialiser();
    worker::LoraLinear linear(weight.at(1), weight.at(0), options, init);
    for (int expert = 0; expert < num_experts_of(file, state); ++expert) {
        linear.add_expert(init);
    }
    worker::NamedTensors tensors;
    linear.collect("", tensors);
    for (const worker::NamedTensor& named : tensors) {
        torch::Tensor target = named.tensor;
        target.copy_(read_tensor(file, state + "/" + named.name));
    }
    return linear;
}

worker::NamedTensors tensors_of(const worker::LoraLinear& linear) {
    worker::NamedTensors tensors;
    linear.collect("", tensors);
    return tensors;
}

/// Compares where the dataset exists; returns how many were compared.
int expect_if_stored(const torch::Tensor& actual, const GoldenFile& file, const std::string& path) {
    if (!file.has(path)) {
        return 0;
    }
    expect_matches(actual, file, path);
    return 1;
}

TEST(LoraLinear, MatchesReference) {
    const GoldenFile file("lora_linear.h5");
    for (const std::string& layer : layers_of(file)) {
        const torch::Tensor x = read_tensor(file, join(layer, "x"));
        const worker::LoraLinear linear = load_linear(file, layer, true, true);
        load_state(file, join(layer, "state"), tensors_of(linear));
        const int num_experts = num_experts_of(file, join(layer, "state"));
        const std::string shared = join(layer, "y_task_None");
        expect_if_stored(output(linear, x, worker::kNoExpert), file, shared);
        expect_if_stored(output(linear, x, num_experts), file, shared);
        int compared = 0;
        for (int expert = 0; expert < num_experts; ++expert) {
            const std::string number = std::to_string(expert);
            compared +=
                expect_if_stored(output(linear, x, expert), file, join(layer, "y_task_" + number));
            compared += expect_if_stored(
                linear.merged(expert).weight, file, join(layer, "merged_weight_" + number));
        }
        EXPECT_GT(compared, 0) << layer;
    }
}

TEST(LoraLinear, PartsCanBeLeftOut) {
    const GoldenFile file("lora_linear.h5");
    for (const std::string& layer : layers_of(file)) {
        const torch::Tensor x = read_tensor(file, join(layer, "x"));
        const worker::LoraLinear without_bias = load_linear(file, layer, true, false);
        const worker::LoraLinear without_lora = load_linear(file, layer, false, true);
        const worker::LoraLinear shared = load_linear(file, layer, false, false);
        for (int expert = 0; expert < num_experts_of(file, join(layer, "state")); ++expert) {
            const std::string name = join(layer, "y_task_" + std::to_string(expert));
            expect_if_stored(output(without_bias, x, expert), file, name + "_nobias");
            expect_if_stored(output(without_lora, x, expert), file, name + "_nolora");
            expect_if_stored(output(shared, x, expert), file, join(layer, "y_task_None"));
        }
    }
}

// grad_x and grad_W belong to the expert whose own gradients are stored.
int check_gradients(const GoldenFile& file, const std::string& layer, int expert, bool only_one) {
    const std::string number = std::to_string(expert);
    const torch::Tensor x = read_tensor(file, join(layer, "x"));
    const worker::LoraLinear linear = load_linear(file, layer, true, true);
    const worker::NamedTensors inputs = differentiated(x, tensors_of(linear));
    std::map<std::string, std::string> datasets = {
        {"lora_A." + number, "grad_A" + number},
        {"lora_B." + number, "grad_B" + number},
        {"task_biases." + number, "grad_taskbias" + number}};
    if (only_one) {
        datasets.insert({{"x", "grad_x"}, {"base_linear.weight", "grad_W"}});
    }
    const torch::Tensor objective =
        (output(linear, x, expert) * read_tensor(file, join(layer, "g_out"))).sum();
    int compared = 0;
    for (const worker::NamedTensor& input : inputs) {
        const auto dataset = datasets.find(input.name);
        if (dataset != datasets.end() && file.has(join(layer, dataset->second))) {
            const torch::Tensor gradient =
                torch::autograd::grad({objective}, {input.tensor}, {}, /*retain_graph=*/true)[0];
            expect_matches(gradient, file, join(layer, dataset->second));
            ++compared;
        }
    }
    return compared;
}

TEST(LoraLinear, GradientsMatchReference) {
    const GoldenFile file("lora_linear.h5");
    for (const std::string& layer : layers_of(file)) {
        if (!file.has(join(layer, "g_out"))) {
            report_skipped(join(layer, "grad_*"), "no upstream gradient is stored");
            continue;
        }
        std::vector<int> experts;
        for (int expert = 0; expert < num_experts_of(file, join(layer, "state")); ++expert) {
            const std::string number = std::to_string(expert);
            if (file.has(join(layer, "grad_A" + number)) ||
                file.has(join(layer, "grad_B" + number)) ||
                file.has(join(layer, "grad_taskbias" + number))) {
                experts.push_back(expert);
            }
        }
        if (experts.size() != 1) {
            report_skipped(join(layer, "grad_x, grad_W"), "the names do not say which expert's");
        }
        for (const int expert : experts) {
            EXPECT_GT(check_gradients(file, layer, expert, experts.size() == 1), 0);
        }
    }
}

}  // namespace
}  // namespace harrow::tests
