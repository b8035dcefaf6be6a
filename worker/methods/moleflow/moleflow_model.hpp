#pragma once

#include <optional>
#include <vector>

#include <torch/torch.h>

#include "sweeps/trial_config.hpp"
#include "worker/method.hpp"
#include "worker/methods/moleflow/base_flow.hpp"
#include "worker/methods/moleflow/dia.hpp"
#include "worker/methods/moleflow/input_stages.hpp"

namespace harrow::worker {

/// MoLE-Flow: position, the expert's adapter, the shared mixer, the shared flow with the expert's
/// low-rank corrections, the expert's invertible adapter. Adapter and mixer count as preprocessing:
/// their Jacobians are no part of the log-determinant.
class MoleflowModel {
public:
    MoleflowModel(const sweeps::ModelConfig& config,
                  FeatureGeometry geometry,
                  Initialiser& init,
                  torch::Device device);

    /// Experts are added in order 0, 1, …
    void add_expert(Initialiser& init);
    int num_experts() const { return num_experts_; }

    struct Output {
        torch::Tensor latent;  ///< [B,H,W,D]
        torch::Tensor logdet;  ///< [B,H,W]
    };
    /// Patch features [B,H,W,D] on the model's device, without position.
    Output forward(const torch::Tensor& features, int expert) const;
    torch::Tensor patch_scores(const torch::Tensor& features, int expert) const;  ///< [B,H,W]

    /// The stages of forward one by one, on maps [B,H,W,D].
    torch::Tensor with_position(const torch::Tensor& features) const;
    torch::Tensor adapted(const torch::Tensor& maps, int expert) const;
    torch::Tensor mixed(const torch::Tensor& maps) const;
    Output flowed(const torch::Tensor& maps, int expert) const;
    Output refined(const Output& flow, int expert) const;

    NamedTensors named_tensors() const;

private:
    sweeps::ModelConfig config_;
    FeatureGeometry geometry_;
    torch::Tensor position_;  ///< [H,W,D]; undefined when off
    std::optional<SpatialContextMixer> mixer_;
    BaseFlow flow_;
    std::vector<WhiteningAdapter> adapters_;  ///< by expert; empty without adapters
    std::vector<DeepInvertibleAdapter> dia_;  ///< by expert; empty with no blocks
    int num_experts_ = 0;
};

/// Which tensors an expert's training changes.
enum class Freezing {
    Isolate,      ///< shared ones with expert 0 only, then those of the expert alone
    UnfreezeBase  ///< shared ones with every expert
};
std::vector<torch::Tensor> trained_tensors(const NamedTensors& tensors,
                                           int expert,
                                           Freezing freezing);

}  // namespace harrow::worker
