#include "worker/backbone.hpp"

#include "sweeps/error.hpp"
#include "worker/backbones/filterbank.hpp"

namespace harrow::worker {

std::unique_ptr<Backbone> make_backbone(const sweeps::BackboneConfig& config,
                                        torch::Device device) {
    if (config.name == "filterbank") {
        return std::make_unique<Filterbank>(config.embed_dim, device);
    }
    throw sweeps::UsageError("backbone.name is '" + config.name +
                             "', but this worker knows only: filterbank");
}

}  // namespace harrow::worker
