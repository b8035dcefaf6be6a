#include "worker/methods/moleflow/moleflow_model.hpp"

#include "sweeps/error.hpp"
#include "worker/methods/moleflow/losses.hpp"

namespace harrow::worker {
namespace {

bool uses_whitening(const sweeps::ModelConfig& config) {
    if (config.adapter == "whitening") {
        return true;
    }
    if (config.adapter == "none") {
        return false;
    }
    throw sweeps::UsageError("model.adapter is '" + config.adapter + "'; use whitening or none");
}

void check_channels(const sweeps::ModelConfig& config, std::int64_t channels) {
    std::vector<sweeps::Problem> problems;
    const auto require = [&](bool holds, const std::string& key, const std::string& message) {
        if (!holds) {
            problems.push_back(
                {"", 0, key, message + ", features have " + std::to_string(channels)});
        }
    };
    require(!config.pos_embedding || channels % 4 == 0,
            "model.pos_embedding",
            "position needs a multiple of 4 channels");
    require(config.dia_n_blocks == 0 || channels % 2 == 0,
            "model.dia_n_blocks",
            "DIA needs an even number of channels");
    require(channels >= 2, "backbone.embed_dim", "the flow needs at least 2 channels");
    if (!problems.empty()) {
        throw sweeps::UsageError(problems);
    }
}

const sweeps::ModelConfig& checked(const sweeps::ModelConfig& config, std::int64_t channels) {
    check_channels(config, channels);
    uses_whitening(config);
    return config;
}

}  // namespace

MoleflowModel::MoleflowModel(const sweeps::ModelConfig& config,
                             FeatureGeometry geometry,
                             Initialiser& init,
                             torch::Device device)
    : config_(checked(config, geometry.channels)),
      geometry_(geometry),
      flow_(geometry.channels, config, init) {
    if (config.pos_embedding) {
        position_ =
            positional_embedding(geometry.height, geometry.width, geometry.channels, device);
    }
    if (config.spatial_context_mode != "none") {
        mixer_.emplace(geometry.channels,
                       parse_mixer_mode(config.spatial_context_mode),
                       config.spatial_context_kernel,
                       init);
    }
}

void MoleflowModel::add_expert(Initialiser& init) {
    flow_.add_expert(init);
    if (uses_whitening(config_)) {
        adapters_.emplace_back(geometry_.channels, num_experts_ == 0, init);
    }
    if (config_.dia_n_blocks > 0) {
        dia_.emplace_back(geometry_.channels, config_.dia_n_blocks, config_.dia_hidden_ratio, init);
    }
    ++num_experts_;
}

torch::Tensor MoleflowModel::with_position(const torch::Tensor& features) const {
    return position_.defined() ? features + position_ : features;
}

torch::Tensor MoleflowModel::adapted(const torch::Tensor& maps, int expert) const {
    return adapters_.empty() ? maps : adapters_.at(static_cast<std::size_t>(expert)).forward(maps);
}

torch::Tensor MoleflowModel::mixed(const torch::Tensor& maps) const {
    return mixer_ ? mixer_->forward(maps) : maps;
}

MoleflowModel::Output MoleflowModel::flowed(const torch::Tensor& maps, int expert) const {
    const PatchGrid grid{maps.size(0), maps.size(1), maps.size(2)};
    const FlowOutput flow = flow_.forward(maps.reshape({-1, maps.size(3)}), grid, expert);
    return {flow.latent.view(maps.sizes()),
            flow.logdet.view({grid.images, grid.height, grid.width})};
}

MoleflowModel::Output MoleflowModel::refined(const Output& flow, int expert) const {
    if (dia_.empty()) {
        return flow;
    }
    const FlowOutput fine = dia_.at(static_cast<std::size_t>(expert))
                                .forward(flow.latent.view({-1, flow.latent.size(3)}));
    return {fine.latent.view(flow.latent.sizes()),
            flow.logdet + fine.logdet.view(flow.logdet.sizes())};
}

MoleflowModel::Output MoleflowModel::forward(const torch::Tensor& features, int expert) const {
    const torch::Tensor maps = mixed(adapted(with_position(features), expert));
    return refined(flowed(maps, expert), expert);
}

torch::Tensor MoleflowModel::patch_scores(const torch::Tensor& features, int expert) const {
    const Output output = forward(features, expert);
    return patch_nll(output.latent, output.logdet);
}

NamedTensors MoleflowModel::named_tensors() const {
    NamedTensors tensors;
    flow_.collect("flow.", tensors);
    if (mixer_) {
        mixer_->collect("spatial_mixer.", tensors);
    }
    for (std::size_t i = 0; i < adapters_.size(); ++i) {
        adapters_[i].collect(
            "input_adapters." + std::to_string(i) + ".", static_cast<int>(i), tensors);
    }
    for (std::size_t i = 0; i < dia_.size(); ++i) {
        dia_[i].collect("dia_adapters." + std::to_string(i) + ".", static_cast<int>(i), tensors);
    }
    return tensors;
}

std::vector<torch::Tensor> trained_tensors(const NamedTensors& tensors,
                                           int expert,
                                           Freezing freezing) {
    const bool with_shared = expert == 0 || freezing == Freezing::UnfreezeBase;
    std::vector<torch::Tensor> trained;
    for (const NamedTensor& named : tensors) {
        const bool shared = named.role == TensorRole::Base || named.role == TensorRole::Context;
        const bool own = named.role == TensorRole::Expert && named.expert == expert;
        if (own || (shared && with_shared)) {
            trained.push_back(named.tensor);
        }
    }
    return trained;
}

}  // namespace harrow::worker
