#include "worker/methods/moleflow/base_flow.hpp"

#include <memory>

#include <gtest/gtest.h>

#include "tests/golden/model_fixture.hpp"
#include "worker/methods/moleflow/losses.hpp"

namespace harrow::tests {
namespace {

class FlowFixture {
public:
    FlowFixture(const GoldenFile& file, const std::string& group)
        : file_(file), group_(group), x_(read_tensor(file, group + "/x")) {
        const std::string state = group + "/state";
        sweeps::ModelConfig config = config_of_state(file, state, "flow.module_list.0.subnet.");
        config.num_coupling_layers = num_indexed(file, state, "flow.module_list.");
        worker::Initialiser init = any_initialiser();
        flow_ = std::make_unique<worker::BaseFlow>(x_.size(3), config, init);
        for (int expert = 0; expert < num_experts_of(file, state); ++expert) {
            flow_->add_expert(init);
        }
        worker::NamedTensors tensors;
        flow_->collect("flow.", tensors);
        load_state(file, state, tensors);
    }

    void check_expert(int expert) const {
        const std::string group = group_ + "/task" + std::to_string(expert);
        const worker::PatchGrid grid{x_.size(0), x_.size(1), x_.size(2)};
        const worker::FlowOutput output = flow_->forward(rows(), grid, expert);
        expect_matches(output.latent, file_, group + "/z");
        expect_matches(output.logdet, file_, group + "/logdet");
        const worker::FlowOutput back = flow_->inverse(output.latent, grid, expert);
        expect_matches(back.latent, file_, group + "/x_rec");
        expect_matches(back.logdet, file_, group + "/logdet_inv");

        const torch::Tensor log_prob = -worker::patch_nll(
            output.latent.view(x_.sizes()), output.logdet.view(x_.sizes().slice(0, 3)));
        expect_matches(log_prob, file_, group + "/log_prob_patch");
        expect_matches(log_prob.sum({1, 2}), file_, group + "/log_prob_image");
        check_blocks(group, grid, expert);
    }

private:
    torch::Tensor rows() const { return x_.view({-1, x_.size(3)}); }

    void check_blocks(const std::string& group, const worker::PatchGrid& grid, int expert) const {
        if (!file_.has(group + "/block0_out")) {
            return;
        }
        torch::Tensor latent = rows();
        for (std::size_t i = 0; i < flow_->blocks().size(); ++i) {
            const std::string block = group + "/block" + std::to_string(i);
            const worker::FlowOutput output = flow_->blocks()[i].forward(latent, grid, expert);
            expect_matches(output.latent, file_, block + "_out");
            expect_matches(output.logdet, file_, block + "_logdet");
            latent = output.latent;
        }
    }

    const GoldenFile& file_;
    std::string group_;
    torch::Tensor x_;
    std::unique_ptr<worker::BaseFlow> flow_;
};

TEST(BaseFlow, MatchesReference) {
    const GoldenFile file("base_flow.h5");
    for (const std::string& group : groups_of(file)) {
        SCOPED_TRACE(group);
        const FlowFixture fixture(file, group);
        for (const int expert : tasks_of(file, group)) {
            fixture.check_expert(expert);
        }
    }
}

}  // namespace
}  // namespace harrow::tests
