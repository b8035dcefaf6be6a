#include "tests/golden/model_state.hpp"

#include "tests/golden/model_fixture.hpp"

namespace harrow::tests {
namespace {

/// Depthwise modes hold the same tensors: meta.config tells them apart, else `fallback` does.
std::string mixer_mode_of(const GoldenFile& file,
                          const std::string& state,
                          const std::string& fallback) {
    const std::string mixer = state + "/spatial_mixer.";
    if (!file.has(mixer + "depthwise_conv.weight")) {
        return "none";
    }
    if (file.has(mixer + "stats_proj.0.weight")) {
        const auto channels = file.read(mixer + "depthwise_conv.weight").shape.at(0);
        const auto stacked = file.read(mixer + "stats_proj.0.weight").shape.at(1);
        return stacked == 3 * channels ? "full" : "local_stats";
    }
    return file.text("config/spatial_context_mode", fallback);
}

}  // namespace

sweeps::ModelConfig config_of_model(const GoldenFile& file, const std::string& state) {
    sweeps::ModelConfig config = config_of_state(file, state, "flow.module_list.0.subnet.");
    config.num_coupling_layers = num_indexed(file, state, "flow.module_list.");
    if (!file.has(state + "/input_adapters.0.gamma_raw")) {
        config.adapter = "none";
    }
    config.spatial_context_mode = mixer_mode_of(file, state, config.spatial_context_mode);
    if (config.spatial_context_mode != "none") {
        config.spatial_context_kernel =
            static_cast<int>(file.read(state + "/spatial_mixer.depthwise_conv.weight").shape.at(3));
    }
    config.dia_n_blocks = num_indexed(file, state, "dia_adapters.0.coupling_blocks.");
    if (config.dia_n_blocks > 0) {
        const auto hidden =
            file.read(state + "/dia_adapters.0.coupling_blocks.0.s_net.layers.0.weight").shape;
        config.dia_hidden_ratio =
            static_cast<double>(hidden.at(0)) / (2 * static_cast<double>(hidden.at(1)));
    }
    return config;
}

worker::FeatureGeometry geometry_of(const GoldenFile& file, const std::string& path) {
    const auto shape = file.read(path).shape;
    return {shape.at(1), shape.at(2), shape.at(3)};
}

}  // namespace harrow::tests
