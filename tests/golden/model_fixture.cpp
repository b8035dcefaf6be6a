#include "tests/golden/model_fixture.hpp"

#include <algorithm>
#include <iostream>
#include <set>
#include <stdexcept>

#include <gtest/gtest.h>

namespace harrow::tests {

torch::Tensor read_tensor(const GoldenFile& file, const std::string& path) {
    const GoldenArray array = file.read(path);
    return torch::tensor(array.values, torch::kFloat32).view(array.shape);
}

void expect_matches(const torch::Tensor& actual, const GoldenFile& file, const std::string& path) {
    expect_matches(actual, file, path, file.rtol(), file.atol());
}

void expect_matches(const torch::Tensor& actual,
                    const GoldenFile& file,
                    const std::string& path,
                    double rtol,
                    double atol) {
    const torch::Tensor values = actual.detach().to(torch::kFloat64).contiguous();
    const double* first = values.data_ptr<double>();
    expect_close(std::vector<double>(first, first + values.numel()),
                 file.read(path).values,
                 rtol,
                 atol,
                 file.path() + ":" + path);
}

std::vector<std::string> groups_of(const GoldenFile& file, const std::string& group) {
    std::vector<std::string> names = file.groups(group);
    EXPECT_FALSE(names.empty()) << file.path() << ": no groups in '" << group << "'";
    return names;
}

std::string join(const std::string& parent, const std::string& name) {
    return parent.empty() ? name : parent + "/" + name;
}

bool ends_with(const std::string& text, const std::string& suffix) {
    return text.size() >= suffix.size() &&
           text.compare(text.size() - suffix.size(), suffix.size(), suffix) == 0;
}

void load_state(const GoldenFile& file,
                const std::string& group,
                const worker::NamedTensors& tensors) {
    const torch::NoGradGuard no_grad;
    const std::vector<std::string> stored = file.datasets(group);
    std::set<std::string> left(stored.begin(), stored.end());
    for (const worker::NamedTensor& named : tensors) {
        ASSERT_TRUE(left.erase(named.name) == 1)
            << file.path() << ": " << group << " lacks " << named.name;
        const torch::Tensor value = read_tensor(file, join(group, named.name));
        ASSERT_EQ(value.sizes(), named.tensor.sizes()) << named.name;
        torch::Tensor target = named.tensor;
        target.copy_(value);
    }
    for (const std::string& name : left) {
        EXPECT_TRUE(ends_with(name, "reference_mean") || ends_with(name, "reference_std"))
            << file.path() << ": no tensor for " << group << "/" << name;
    }
}

std::int64_t count_with_suffix(const GoldenFile& file,
                               const std::string& group,
                               const std::string& suffix) {
    const std::vector<std::string> names = file.datasets(group);
    return std::count_if(names.begin(), names.end(), [&](const std::string& name) {
        return ends_with(name, suffix);
    });
}

int num_indexed(const GoldenFile& file, const std::string& group, const std::string& prefix) {
    int count = 0;
    for (const std::string& name : file.datasets(group)) {
        if (name.compare(0, prefix.size(), prefix) == 0) {
            count = std::max(count, std::stoi(name.substr(prefix.size())) + 1);
        }
    }
    return count;
}

int num_experts_of(const GoldenFile& file, const std::string& group) {
    int count = 0;
    while (count_with_suffix(file, group, "lora_A." + std::to_string(count)) > 0) {
        ++count;
    }
    return count;
}

sweeps::ModelConfig config_of_state(const GoldenFile& file,
                                    const std::string& group,
                                    const std::string& subnet_prefix) {
    sweeps::ModelConfig config;
    config.lora_alpha = file.number("config/lora_alpha", config.lora_alpha);
    const std::string subnet = join(group, subnet_prefix);
    config.use_scale_context = file.has(subnet + "context_conv.weight");
    if (config.use_scale_context) {
        config.scale_context_kernel =
            static_cast<int>(file.read(subnet + "context_conv.weight").shape.at(3));
    }
    const std::string adapter =
        subnet + (config.use_scale_context ? "s_layer1" : "layer1") + ".lora_A.0";
    if (file.has(adapter)) {
        config.lora_rank = static_cast<int>(file.read(adapter).shape.at(0));
    }
    return config;
}

worker::LoraOptions lora_of(const sweeps::ModelConfig& config) {
    return {config.lora_rank, config.lora_alpha, config.use_lora, config.use_task_bias};
}

worker::Initialiser any_initialiser() {
    return worker::Initialiser(1, "init", torch::kCPU);
}

std::vector<torch::Tensor> gradients(const torch::Tensor& objective,
                                     const std::vector<torch::Tensor>& inputs) {
    return torch::autograd::grad({objective}, inputs);
}

torch::Tensor parameter(const worker::NamedTensors& tensors, const std::string& name) {
    for (const worker::NamedTensor& named : tensors) {
        if (named.name == name) {
            torch::Tensor tensor = named.tensor;
            return tensor.requires_grad_(true);
        }
    }
    throw std::invalid_argument("no tensor named " + name);
}

void report_skipped(const std::string& group, const std::string& reason) {
    std::cout << "skipped group " << group << ": " << reason << "\n";
}

}  // namespace harrow::tests
