#include "worker/methods/moleflow/dia.hpp"

#include <gtest/gtest.h>

#include "tests/golden/model_fixture.hpp"

namespace harrow::tests {
namespace {

void check_adapter(const GoldenFile& file, const std::string& group) {
    const std::string state = group + "/state";
    const torch::Tensor x = read_tensor(file, group + "/x");
    const std::int64_t channels = x.size(3);
    const auto hidden = file.read(state + "/coupling_blocks.0.s_net.layers.0.weight").shape.at(0);
    worker::Initialiser init = any_initialiser();
    const worker::DeepInvertibleAdapter adapter(
        channels,
        num_indexed(file, state, "coupling_blocks."),
        static_cast<double>(hidden) / static_cast<double>(channels),
        init);
    worker::NamedTensors tensors;
    adapter.collect("", 0, tensors);
    load_state(file, state, tensors);

    const worker::NamedTensors inputs = differentiated(x, tensors);
    const torch::Tensor rows = x.view({-1, channels});
    const worker::FlowOutput output = adapter.forward(rows);
    expect_matches(output.latent, file, group + "/y");
    expect_matches(output.logdet, file, group + "/logdet");
    const worker::FlowOutput back = adapter.inverse(output.latent);
    expect_matches(back.latent, file, group + "/x_rec");
    expect_matches(back.logdet, file, group + "/logdet_inv");

    if (!file.has(group + "/g_out")) {
        return;
    }
    const torch::Tensor upstream = read_tensor(file, group + "/g_out").view({-1, channels});
    const torch::Tensor objective = (output.latent * upstream).sum() + output.logdet.sum();
    EXPECT_GT(expect_gradients(file, group, "", objective, inputs), 0);
}

TEST(Dia, MatchesReference) {
    const GoldenFile file("dia.h5");
    for (const std::string& group : groups_of(file)) {
        SCOPED_TRACE(group);
        check_adapter(file, group);
    }
}

}  // namespace
}  // namespace harrow::tests
