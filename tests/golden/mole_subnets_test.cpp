#include <memory>

#include <gtest/gtest.h>

#include "tests/golden/model_fixture.hpp"
#include "worker/methods/moleflow/subnets.hpp"

namespace harrow::tests {
namespace {

class SubnetFixture {
public:
    SubnetFixture(const GoldenFile& file, const std::string& group)
        : file_(file), group_(group), x_(read_tensor(file, group + "/x")) {
        const std::string state = group + "/state";
        config_ = config_of_state(file, state, "");
        worker::Initialiser init = any_initialiser();
        subnet_ = worker::make_subnet(x_.size(1), width(), lora_of(config_), config_, init);
        for (int expert = 0; expert < num_experts_of(file, state); ++expert) {
            subnet_->add_expert(init);
        }
        subnet_->collect("", tensors_);
        if (file.has(group + "/init_context_scale_param")) {
            expect_matches(parameter(tensors_, "context_scale_param"),
                           file,
                           group + "/init_context_scale_param");
        }
        load_state(file, state, tensors_);
    }

    torch::Tensor output(int expert) const {
        const auto [scale, shift] = subnet_->forward(x_, grid(), expert);
        return torch::cat({scale, shift}, 1);
    }

    void check_outputs() const {
        expect_matches(output(worker::kNoExpert), file_, group_ + "/out_task_None");
        const int num_experts = num_experts_of(file_, group_ + "/state");
        EXPECT_GT(num_experts, 0);
        for (int expert = 0; expert < num_experts; ++expert) {
            expect_matches(output(expert), file_, group_ + "/out_task_" + std::to_string(expert));
        }
    }

    // Datasets named grad_<tensor>_task<expert>.
    void check_gradients() const {
        const worker::NamedTensors inputs = differentiated(x_, tensors_);
        const torch::Tensor upstream = read_tensor(file_, group_ + "/g_out");
        int compared = 0;
        for (int expert = 0; expert < num_experts_of(file_, group_ + "/state"); ++expert) {
            compared += expect_gradients(file_,
                                         group_,
                                         "_task" + std::to_string(expert),
                                         (output(expert) * upstream).sum(),
                                         inputs);
        }
        EXPECT_GT(compared, 0);
    }

private:
    std::int64_t width() const { return file_.read(group_ + "/out_task_None").shape.at(1); }
    worker::PatchGrid grid() const {
        if (!file_.has(group_ + "/bhw")) {
            return {1, 1, x_.size(0)};
        }
        const std::vector<float> bhw = file_.read(group_ + "/bhw").values;
        return {std::int64_t(bhw.at(0)), std::int64_t(bhw.at(1)), std::int64_t(bhw.at(2))};
    }

    const GoldenFile& file_;
    std::string group_;
    torch::Tensor x_;
    sweeps::ModelConfig config_;
    std::unique_ptr<worker::Subnet> subnet_;
    worker::NamedTensors tensors_;
};

TEST(MoleSubnets, MatchReference) {
    const GoldenFile file("mole_subnets.h5");
    for (const std::string& size : groups_of(file)) {
        for (const std::string& name : groups_of(file, size)) {
            const std::string group = size + "/" + name;
            SCOPED_TRACE(group);
            const SubnetFixture fixture(file, group);
            fixture.check_outputs();
            if (file.has(group + "/g_out")) {
                fixture.check_gradients();
            }
        }
    }
}

}  // namespace
}  // namespace harrow::tests
