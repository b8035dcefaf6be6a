#include <gtest/gtest.h>

#include "tests/golden/model_fixture.hpp"
#include "worker/optimizers/adam.hpp"
#include "worker/optimizers/schedule.hpp"

namespace harrow::tests {
namespace {

// Every tensor of `init` takes the recorded gradients; values are recorded after each step.
void check_steps(const GoldenFile& file,
                 const std::string& group,
                 const worker::AdamOptions& options) {
    SCOPED_TRACE(group);
    const double lr = file.number("config/lr", 3e-3);
    std::vector<torch::Tensor> tensors, grads, expected;
    for (const std::string& name : file.datasets("init")) {
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
        optimizer.step(lr);
        for (std::size_t i = 0; i < tensors.size(); ++i) {
            EXPECT_TRUE(
                torch::allclose(tensors[i].detach(), expected[i][step], file.rtol(), file.atol()))
                << group << ", tensor " << i << ", step " << step << ": "
                << (tensors[i].detach() - expected[i][step]).abs().max().item<double>();
        }
    }
}

TEST(Optimizer, StepsMatchReference) {
    const GoldenFile file("optimizer.h5");
    const std::string scaled = "adamp_wdscale";
    int checked = 0;
    for (const std::string& group : groups_of(file)) {
        sweeps::TrainConfig config;
        config.weight_decay = file.number("config/adamp/weight_decay", config.weight_decay);
        config.adamw_weight_decay =
            file.number("config/adamw/weight_decay", config.adamw_weight_decay);
        if (group == "init" || group == "grads") {
            continue;
        }
        config.optimizer = group.substr(0, 5);
        if (group.compare(0, scaled.size(), scaled) == 0) {
            config.weight_decay *= std::stod(group.substr(scaled.size()));
        }
        check_steps(file, group, worker::adam_options(config));
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
        options.lr = file.number("config/schedule_lr", 3e-4);
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
