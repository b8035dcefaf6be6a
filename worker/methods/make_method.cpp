#include <sstream>

#include "worker/method.hpp"
#include "worker/methods/moleflow/moleflow_method.hpp"

namespace harrow::worker {
namespace {

std::string divergence_message(int task, int epoch, double last_loss) {
    std::ostringstream text;
    text << "training diverged in task " << task << ", epoch " << epoch
         << ": no batch had a usable loss (last " << last_loss
         << ", expected a number up to 1e8); lower train.lr or model.num_coupling_layers";
    return text.str();
}

}  // namespace

TrainingDiverged::TrainingDiverged(int task, int epoch, double last_loss)
    : Error(sweeps::ExitCode::TrialsFailed, divergence_message(task, epoch, last_loss)),
      task_(task),
      epoch_(epoch),
      last_loss_(last_loss) {}

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
    throw sweeps::UsageError("method is '" + config.method + "'; use moleflow or finetune");
}

}  // namespace harrow::worker
