#pragma once

#include <memory>
#include <vector>

#include "worker/backbones/loaded_backbone.hpp"

namespace harrow::worker {

/// A TorchScript file, for weights that earlier tools exported: forward takes [B,3,S,S] and returns
/// a map [B,C,h,w], tokens [B,N,C] (tokens before the last h*w are dropped), or a tuple or list of
/// them. They are aggregated as a ResNet's maps. Prefer the native backbones: a file of this kind
/// holds code, and its grid is only known from `backbone.stride`.
class TorchScript : public LoadedBackbone {
public:
    /// Throws sweeps::UsageError and sweeps::DataError as make_backbone.
    TorchScript(const sweeps::BackboneArchitecture& architecture,
                const sweeps::BackboneConfig& config,
                torch::Device device);
    ~TorchScript() override;

    /// Also throws sweeps::DataError when the file fails on the images or returns something else
    /// than the above.
    torch::Tensor extract(const torch::Tensor& images) override;

private:
    struct Program;

    std::vector<torch::Tensor> run(const torch::Tensor& images);
    [[noreturn]] void refuse(const std::string& why) const;

    std::unique_ptr<Program> program_;
};

}  // namespace harrow::worker
