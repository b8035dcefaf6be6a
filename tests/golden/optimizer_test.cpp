#include <cmath>
#include <optional>

#include <gtest/gtest.h>

#include "tests/golden/model_fixture.hpp"
#include "worker/optimizers/adam.hpp"
#include "worker/optimizers/schedule.hpp"

namespace harrow::tests {
namespace {

/// Over all tensors.
double norm_of(const std::vector<torch::Tensor>& grads, std::int64_t step) {
    double sum = 0;
    for (const torch::Tensor& grad : grads) {
        sum += grad[step].to(torch::kFloat64).square().sum().item<double>();
    }
    return std::sqrt(sum);
}

// Every tensor of `init` takes the recorded gradients; values are recorded after each step.
void check_steps(const GoldenFile& file,
                 const std::string& group,
                 const worker::AdamOptions& options,
                 bool unclipped) {
    SCOPED_TRACE(group + (unclipped ? ", without clipping" : ""));
    const std::string kind = group.substr(0, group.find('_'));
    const double lr = file.number("config/" + kind + "/lr", file.number("config/lr", 3e-3));
    std::vector<torch::Tensor> tensors, grads, expected;
    for (const std::string& name : file.datasets(group)) {
        tensors.push_back(read_tensor(file, "init/" + name));
        grads.push_back(read_tensor(file, "grads/" + name));
        expected.push_back(read_tensor(file, group + "/" + name));
    }
    ASSERT_FALSE(tensors.empty());
    worker::Adam optimizer(tensors, options);
    for (std::int64_t step = 0; step < grads[0].size(0); ++step) {
        optimizer.zero_grad();
        for (std::size_t i = 0; i < tensors.size(); ++i) {
            tensors[i].mutable_grad().copy_(grads[i][step]);
        }
        if (unclipped) {
            EXPECT_NEAR(optimizer.step_unclipped(lr).item<double>(), norm_of(grads, step), 1e-4);
        } else {
            optimizer.step(lr);
        }
        for (std::size_t i = 0; i < tensors.size(); ++i) {
            EXPECT_TRUE(
                torch::allclose(tensors[i].detach(), expected[i][step], file.rtol(), file.atol()))
                << group << ", tensor " << i << ", step " << step << ": "
                << (tensors[i].detach() - expected[i][step]).abs().max().item<double>();
        }
    }
}

// Groups are named adamp or adamw, then _wdscale<factor> where the decay differs.
std::optional<worker::AdamOptions> options_of(const GoldenFile& file, const std::string& group) {
    const std::string scale = "_wdscale";
    const std::size_t end = group.find('_');
    sweeps::TrainConfig config;
    config.optimizer = group.substr(0, end);
    const bool scaled = end != std::string::npos && group.compare(end, scale.size(), scale) == 0;
    if ((config.optimizer != "adamp" && config.optimizer != "adamw") ||
        (end != std::string::npos && !scaled)) {
        return std::nullopt;
    }
    worker::AdamOptions options = adam_options_of(file, config);
    options.weight_decay *= scaled ? std::stod(group.substr(end + scale.size())) : 1;
    return options;
}

TEST(Optimizer, StepsMatchReference) {
    const GoldenFile file("optimizer.h5");
    int checked = 0;
    for (const std::string& group : groups_of(file)) {
        if (group == "init" || group == "grads") {
            continue;
        }
        const std::optional<worker::AdamOptions> options = options_of(file, group);
        if (!options) {
            report_skipped(group, "neither adamp nor adamw, with or without _wdscale<factor>");
            continue;
        }
        for (const bool unclipped : {false, true}) {
            check_steps(file, group, *options, unclipped);
        }
        ++checked;
    }
    EXPECT_GT(checked, 0);
}

// Datasets named lr_base_T<epochs> and lr_fast_T<epochs>, learning rates times 1e4.
TEST(Optimizer, SchedulesMatchReference) {
    const GoldenFile file("optimizer.h5");
    int checked = 0;
    for (const std::string& name : file.datasets()) {
        const bool fast = name.compare(0, 9, "lr_fast_T") == 0;
        if (!fast && name.compare(0, 9, "lr_base_T") != 0) {
            continue;
        }
        const std::vector<float> expected = file.read(name).values;
        worker::ScheduleOptions options;
        options.lr = file.number("config/schedule_lr", options.lr);
        options.min_lr_ratio = file.number("config/min_lr_ratio", options.min_lr_ratio);
        options.warmup_epochs =
            static_cast<int>(file.number("config/warmup_epochs", options.warmup_epochs));
        options.num_epochs = std::stoi(name.substr(9));
        std::vector<double> actual;
        for (int epoch = 0; epoch < options.num_epochs; ++epoch) {
            actual.push_back(1e4 * (fast ? worker::warmup_cosine_lr(options, epoch)
                                         : worker::cosine_lr(options, epoch)));
        }
        expect_close(actual, expected, file.rtol(), file.atol(), name);
        ++checked;
    }
    EXPECT_GT(checked, 0);
}

}  // namespace
}  // namespace harrow::tests
