#include "worker/methods/moleflow/training.hpp"

#include <limits>
#include <string>
#include <utility>

#include "sweeps/random.hpp"
#include "worker/optimizers/schedule.hpp"

namespace harrow::worker {
namespace {

constexpr double kLargestLoss = 1e8;

struct EpochSums {
    std::int64_t steps = 0;
    double loss = 0;
    double last_loss = std::numeric_limits<double>::quiet_NaN();
    torch::Tensor grad_norm;
};

void add(EpochSums& sums, const StepResult& step) {
    sums.last_loss = step.total;
    if (!step.stepped) {
        return;
    }
    ++sums.steps;
    sums.loss += step.data;
    sums.grad_norm = sums.grad_norm.defined() ? sums.grad_norm + step.grad_norm : step.grad_norm;
}

}  // namespace

StepResult training_step(const MoleflowModel& model,
                         int expert,
                         const torch::Tensor& features,
                         const sweeps::TrainConfig& config,
                         double lr,
                         Adam& optimizer) {
    const MoleflowModel::Output output = model.forward(features, expert);
    const TrainingLoss loss = training_loss(output.latent, output.logdet, config);
    StepResult result;
    result.total = loss.total.item<double>();
    result.data = loss.data.item<double>();
    result.logdet = loss.logdet.defined() ? loss.logdet.item<double>() : 0;
    if (!(result.total <= kLargestLoss)) {
        return result;
    }
    optimizer.zero_grad();
    loss.total.backward();
    result.grad_norm = optimizer.clip_grad_norm(config.grad_clip);
    optimizer.step(lr);
    result.stepped = true;
    return result;
}

void train_expert(const MoleflowModel& model,
                  int expert,
                  Freezing freezing,
                  Schedule schedule,
                  const TaskData& data,
                  const sweeps::TrainConfig& config,
                  std::uint64_t seed,
                  torch::Device device,
                  const TrainingHooks& hooks) {
    const std::int64_t images = data.features->size();
    const std::int64_t num_batches = images / config.batch_size;
    if (num_batches == 0) {
        throw sweeps::DataError("task " + std::to_string(data.task) + " has " +
                                std::to_string(images) +
                                " training images, fewer than one batch of " +
                                std::to_string(config.batch_size) + "; lower train.batch_size");
    }
    std::vector<torch::Tensor> trained = trained_tensors(model.named_tensors(), expert, freezing);
    if (trained.empty()) {
        return;  // nothing of this expert's own: it stays what the shared tensors compute
    }
    Adam optimizer(std::move(trained), adam_options(config));
    const ScheduleOptions rates{
        config.lr, config.min_lr_ratio, config.num_epochs, config.warmup_epochs};
    sweeps::RandomStream shuffle(seed, "shuffle/" + std::to_string(data.task));

    for (int epoch = 0; epoch < config.num_epochs; ++epoch) {
        const double lr =
            schedule == Schedule::Base ? cosine_lr(rates, epoch) : warmup_cosine_lr(rates, epoch);
        const std::vector<std::int64_t> order = sweeps::random_permutation(images, shuffle);
        EpochSums sums;
        for (std::int64_t batch = 0; batch < num_batches; ++batch) {
            const auto first = order.begin() + batch * config.batch_size;
            const torch::Tensor features =
                data.features->gather({first, first + config.batch_size}).to(device);
            add(sums, training_step(model, expert, features, config, lr, optimizer));
            if (hooks.stop && hooks.stop()) {
                return;
            }
        }
        if (sums.steps == 0) {
            throw TrainingDiverged(data.task, epoch, sums.last_loss);
        }
        if (hooks.on_epoch) {
            const auto steps = static_cast<double>(sums.steps);
            hooks.on_epoch({data.task,
                            epoch,
                            sums.loss / steps,
                            lr,
                            sums.grad_norm.item<double>() / steps,
                            num_batches - sums.steps});
        }
    }
}

}  // namespace harrow::worker
