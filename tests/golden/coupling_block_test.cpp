#include <gtest/gtest.h>

#include "tests/golden/model_fixture.hpp"
#include "worker/methods/moleflow/base_flow.hpp"

namespace harrow::tests {
namespace {

struct LoadedBlock {
    worker::CouplingBlock block;
    worker::NamedTensors tensors;
};

LoadedBlock load_block(const GoldenFile& file,
                       const std::string& group,
                       const std::string& clamp_variant) {
    sweeps::ModelConfig config = config_of_state(file, group + "/state", "subnet.");
    config.clamp_variant = clamp_variant;
    worker::Initialiser init = any_initialiser();
    const std::int64_t channels = file.read(group + "/x").shape.at(1);
    LoadedBlock loaded{worker::CouplingBlock(channels, lora_of(config), config, init), {}};
    for (int expert = 0; expert < num_experts_of(file, group + "/state"); ++expert) {
        loaded.block.add_expert(init);
    }
    loaded.block.collect("", loaded.tensors);
    load_state(file, group + "/state", loaded.tensors);
    return loaded;
}

worker::PatchGrid grid_of(const GoldenFile& file, const std::string& group) {
    if (!file.has(group + "/bhw")) {
        return {1, 1, file.read(group + "/x").shape.at(0)};
    }
    const std::vector<float> bhw = file.read(group + "/bhw").values;
    return {std::int64_t(bhw.at(0)), std::int64_t(bhw.at(1)), std::int64_t(bhw.at(2))};
}

void check_forward_and_inverse(const GoldenFile& file, const std::string& group) {
    const LoadedBlock loaded = load_block(file, group, "head");
    const worker::PatchGrid grid = grid_of(file, group);
    const torch::Tensor x = read_tensor(file, group + "/x");
    const worker::FlowOutput output = loaded.block.forward(x, grid, 0);
    expect_matches(output.latent, file, group + "/y");
    expect_matches(output.logdet, file, group + "/logdet");
    const worker::FlowOutput back = loaded.block.inverse(output.latent, grid, 0);
    const std::string original = group + (file.has(group + "/x_rec") ? "/x_rec" : "/x");
    expect_matches(back.latent, file, original);
    expect_matches(-back.logdet, file, group + "/logdet");
    if (file.has(group + "/logdet_inv")) {
        expect_matches(back.logdet, file, group + "/logdet_inv");
    }
    if (file.has(group + "/subnet_out")) {
        const std::int64_t passive = x.size(1) - x.size(1) / 2;
        const auto [scale, shift] = loaded.block.subnet().forward(x.narrow(1, 0, passive), grid, 0);
        expect_matches(torch::cat({scale, shift}, 1), file, group + "/subnet_out");
    }
}

void check_released_clamp(const GoldenFile& file, const std::string& group) {
    const LoadedBlock loaded = load_block(file, group, "pypi02");
    const worker::FlowOutput output =
        loaded.block.forward(read_tensor(file, group + "/x"), grid_of(file, group), 0);
    expect_matches(output.latent, file, group + "/y_pypi02");
    expect_matches(output.logdet, file, group + "/logdet_pypi02");
}

// As in training, where the global affine map is constant.
void check_input_gradient(const GoldenFile& file, const std::string& group) {
    const LoadedBlock loaded = load_block(file, group, "head");
    torch::Tensor x = read_tensor(file, group + "/x");
    const worker::FlowOutput output =
        loaded.block.forward(x.requires_grad_(true), grid_of(file, group), 0);
    const torch::Tensor objective =
        (output.latent * read_tensor(file, group + "/g_out")).sum() + output.logdet.sum();
    expect_matches(gradients(objective, {x})[0], file, group + "/grad_x");
}

void check_gradients(const GoldenFile& file, const std::string& group) {
    const LoadedBlock loaded = load_block(file, group, "head");
    const torch::Tensor x = read_tensor(file, group + "/x");
    const worker::NamedTensors inputs = differentiated(x, loaded.tensors);
    const worker::FlowOutput output = loaded.block.forward(x, grid_of(file, group), 0);
    const torch::Tensor objective =
        (output.latent * read_tensor(file, group + "/g_out")).sum() + output.logdet.sum();
    EXPECT_GT(expect_gradients(file, group, "", objective, inputs), 0);
}

TEST(CouplingBlock, MatchesReference) {
    const GoldenFile file("coupling_block.h5");
    for (const std::string& size : groups_of(file)) {
        for (const std::string& name : groups_of(file, size)) {
            const std::string group = size + "/" + name;
            SCOPED_TRACE(group);
            check_forward_and_inverse(file, group);
            if (file.has(group + "/y_pypi02")) {
                check_released_clamp(file, group);
            }
            if (file.has(group + "/g_out")) {
                if (file.has(group + "/grad_x")) {
                    check_input_gradient(file, group);
                }
                check_gradients(file, group);
            }
        }
    }
}

}  // namespace
}  // namespace harrow::tests
