#include "worker/method.hpp"

#include <sstream>
#include <stdexcept>
#include <string>

namespace harrow::worker {
namespace {

std::string divergence_message(int task, int epoch, double last_loss) {
    std::ostringstream text;
    text << "training diverged in task " << task << ", epoch " << epoch
         << ": no batch had a usable loss (last " << last_loss
         << ", expected a number up to 1e8); lower train.lr (of moleflow also "
            "model.num_coupling_layers)";
    return text.str();
}

}  // namespace

TrainingDiverged::TrainingDiverged(int task, int epoch, double last_loss)
    : Error(sweeps::ExitCode::TrialsFailed, divergence_message(task, epoch, last_loss)),
      task_(task),
      epoch_(epoch),
      last_loss_(last_loss) {}

torch::Tensor Method::score_images(const FeatureRows& /*images*/, int /*expert*/) {
    throw std::logic_error("a method that scores patches was asked for scores of images");
}

}  // namespace harrow::worker
