#include "tests/golden/model_fixture.hpp"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <iostream>
#include <set>
#include <stdexcept>

#include <gtest/gtest.h>

namespace harrow::tests {
namespace {

/// Whether a dataset that calls a tensor `name` means the one called `full`.
bool names_tensor(const std::string& name, std::string full) {
    std::replace(full.begin(), full.end(), '.', '_');
    return full == name || ends_with(full, "_" + name);
}

}  // namespace

torch::Device device_under_test() {
    const char* name = std::getenv("HARROW_TEST_DEVICE");
    return torch::Device(name != nullptr && *name != '\0' ? name : "cpu");
}

torch::Tensor read_tensor(const GoldenFile& file, const std::string& path) {
    const GoldenArray array = file.read(path);
    return torch::tensor(array.values, torch::kFloat32).view(array.shape).to(device_under_test());
}

void expect_matches(const torch::Tensor& actual, const GoldenFile& file, const std::string& path) {
    expect_matches(actual, file, path, file.rtol(), file.atol());
}

void expect_matches(const torch::Tensor& actual,
                    const GoldenFile& file,
                    const std::string& path,
                    double rtol,
                    double atol) {
    const torch::Tensor values = actual.detach().cpu().to(torch::kFloat64).contiguous();
    const double finest = device_under_test().is_cpu() ? 0 : 1e-4;
    const double* first = values.data_ptr<double>();
    expect_close(std::vector<double>(first, first + values.numel()),
                 file.read(path).values,
                 std::max(rtol, finest),
                 std::max(atol, finest),
                 file.path() + ":" + path);
}

std::vector<std::string> groups_of(const GoldenFile& file, const std::string& group) {
    std::vector<std::string> names = file.groups(group);
    EXPECT_FALSE(names.empty()) << file.path() << ": no groups in '" << group << "'";
    return names;
}

std::vector<int> tasks_of(const GoldenFile& file, const std::string& group) {
    const std::string prefix = "task";
    std::vector<int> tasks;
    for (const std::string& name : file.groups(group)) {
        const std::string number = name.substr(std::min(name.size(), prefix.size()));
        if (name == prefix + number && !number.empty() &&
            std::all_of(number.begin(), number.end(), [](unsigned char c) {
                return std::isdigit(c) != 0;
            })) {
            tasks.push_back(std::stoi(number));
        }
    }
    EXPECT_FALSE(tasks.empty()) << file.path() << ": no task<N> in '" << group << "'";
    std::sort(tasks.begin(), tasks.end());
    return tasks;
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

worker::AdamOptions adam_options_of(const GoldenFile& file, const sweeps::TrainConfig& config) {
    const auto number = [&](const std::string& name, double fallback) {
        return file.number("config/" + config.optimizer + "/" + name,
                           file.number("config/" + name, fallback));
    };
    worker::AdamOptions options = worker::adam_options(config);
    options.weight_decay = number("weight_decay", options.weight_decay);
    options.beta1 = number("betas/0", options.beta1);
    options.beta2 = number("betas/1", options.beta2);
    options.epsilon = number("eps", options.epsilon);
    options.projection_threshold = number("delta", options.projection_threshold);
    options.projected_decay_ratio = number("wd_ratio", options.projected_decay_ratio);
    return options;
}

worker::Initialiser any_initialiser() {
    return worker::Initialiser(1, "init", device_under_test());
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

worker::NamedTensors differentiated(const torch::Tensor& x, const worker::NamedTensors& tensors) {
    worker::NamedTensors inputs = {{"x", x}};
    inputs.insert(inputs.end(), tensors.begin(), tensors.end());
    inputs.erase(
        std::remove_if(inputs.begin(),
                       inputs.end(),
                       [](const auto& named) { return !named.tensor.is_floating_point(); }),
        inputs.end());
    for (worker::NamedTensor& named : inputs) {
        named.tensor.requires_grad_(true);
    }
    return inputs;
}

int expect_gradients(const GoldenFile& file,
                     const std::string& group,
                     const std::string& suffix,
                     const torch::Tensor& objective,
                     const worker::NamedTensors& inputs) {
    const std::string prefix = "grad_";
    int compared = 0;
    for (const std::string& dataset : file.datasets(group)) {
        if (dataset.compare(0, prefix.size(), prefix) != 0 || !ends_with(dataset, suffix) ||
            dataset.size() <= prefix.size() + suffix.size()) {
            continue;
        }
        const std::string name =
            dataset.substr(prefix.size(), dataset.size() - prefix.size() - suffix.size());
        const auto named = std::find_if(inputs.begin(), inputs.end(), [&](const auto& input) {
            return names_tensor(name, input.name);
        });
        const std::string path = join(group, dataset);
        if (named == inputs.end()) {
            report_skipped(path, "no tensor of that name");
            continue;
        }
        const torch::Tensor gradient = torch::autograd::grad({objective},
                                                             {named->tensor},
                                                             {},
                                                             /*retain_graph=*/true,
                                                             /*create_graph=*/false,
                                                             /*allow_unused=*/true)[0];
        expect_matches(
            gradient.defined() ? gradient : torch::zeros_like(named->tensor), file, path);
        ++compared;
    }
    return compared;
}

void report_skipped(const std::string& path, const std::string& reason) {
    std::cout << "skipped " << path << ": " << reason << "\n";
}

}  // namespace harrow::tests
