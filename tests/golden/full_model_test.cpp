#include <gtest/gtest.h>

#include "tests/golden/model_fixture.hpp"
#include "tests/golden/model_state.hpp"
#include "worker/methods/moleflow/moleflow_model.hpp"

namespace harrow::tests {
namespace {

// Outputs between stages, where the file has them.
void expect_stage(const torch::Tensor& actual, const GoldenFile& file, const std::string& path) {
    if (file.has(path)) {
        expect_matches(actual, file, path);
    }
}

void check_expert(const GoldenFile& file,
                  const std::string& group,
                  const worker::MoleflowModel& model,
                  const torch::Tensor& x,
                  int expert) {
    const std::string task = group + "/task" + std::to_string(expert);
    const torch::Tensor positioned = model.with_position(x);
    expect_stage(positioned, file, group + "/x_pe");
    const torch::Tensor adapted = model.adapted(positioned, expert);
    expect_stage(adapted, file, task + "/adapter_out");
    const torch::Tensor mixed = model.mixed(adapted);
    expect_stage(mixed, file, task + "/mixer_out");
    const worker::MoleflowModel::Output flow = model.flowed(mixed, expert);
    expect_stage(flow.latent, file, task + "/z_base");
    expect_stage(flow.logdet, file, task + "/logdet_base");
    const worker::MoleflowModel::Output output = model.forward(x, expert);
    expect_matches(output.latent, file, task + "/z");
    expect_matches(output.logdet, file, task + "/logdet");

    const torch::Tensor scores = model.patch_scores(x, expert);
    expect_matches(scores, file, task + "/patch_scores");
    const auto top = static_cast<std::int64_t>(file.number("config/score_top_k", 3));
    const torch::Tensor worst = std::get<0>(scores.flatten(1).topk(top, 1));
    expect_matches(worst.mean(1), file, task + "/image_scores");
}

TEST(FullModel, MatchesReference) {
    const GoldenFile file("full_model.h5");
    for (const std::string& group : groups_of(file)) {
        SCOPED_TRACE(group);
        worker::Initialiser init = any_initialiser();
        worker::MoleflowModel model(config_of_model(file, group + "/state"),
                                    geometry_of(file, group + "/x"),
                                    init,
                                    device_under_test());
        const int num_experts = num_experts_of(file, group + "/state");
        ASSERT_GT(num_experts, 0);
        for (int expert = 0; expert < num_experts; ++expert) {
            model.add_expert(init);
        }
        load_state(file, group + "/state", model.named_tensors());
        const torch::Tensor x = read_tensor(file, group + "/x");
        for (const int expert : tasks_of(file, group)) {
            check_expert(file, group, model, x, expert);
        }
    }
}

}  // namespace
}  // namespace harrow::tests
