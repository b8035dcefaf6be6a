#include "worker/method.hpp"
#include "worker/methods/anomalyvfm/anomalyvfm_method.hpp"
#include "worker/methods/moleflow/moleflow_method.hpp"

namespace harrow::worker {

std::unique_ptr<Method> make_method(const sweeps::TrialConfig& config,
                                    FeatureGeometry geometry,
                                    std::uint64_t seed,
                                    torch::Device device) {
    if (config.method == "moleflow") {
        return make_moleflow(config, geometry, seed, device);
    }
    if (config.method == "finetune") {
        return make_finetune(config, geometry, seed, device);
    }
    if (config.method == "anomalyvfm") {
        return make_anomalyvfm(config, geometry, seed, device);
    }
    throw sweeps::UsageError("method is '" + config.method +
                             "'; use moleflow, finetune or anomalyvfm");
}

}  // namespace harrow::worker
