#include "worker/methods/moleflow/training.hpp"

#include <string>
#include <utility>
#include <vector>

#include "sweeps/random.hpp"
#include "worker/optimizers/schedule.hpp"

namespace harrow::worker {
namespace {

constexpr double kLargestLoss = 1e8;

/// Scalars on the model's device.
struct StepTensors {
    TrainingLoss loss;
    torch::Tensor grad_norm;
};

StepTensors forward(const MoleflowModel& model,
                    int expert,
                    const torch::Tensor& features,
                    const sweeps::TrainConfig& config) {
    const MoleflowModel::Output output = model.forward(features, expert);
    return {training_loss(output.latent, output.logdet, config), {}};
}

void update(StepTensors& step, const sweeps::TrainConfig& config, double lr, Adam& optimizer) {
    optimizer.zero_grad();
    step.loss.total.backward();
    step.grad_norm = optimizer.clip_grad_norm(config.grad_clip);
    optimizer.step(lr);
}

using Order = std::vector<std::int64_t>;

/// One expert's training on one task, epoch by epoch.
class EpochRunner {
public:
    EpochRunner(const MoleflowModel& model,
                const ExpertTraining& plan,
                const TaskData& data,
                const sweeps::TrainConfig& config,
                torch::Device device,
                const TrainingHooks& hooks)
        : model_(model),
          plan_(plan),
          data_(data),
          config_(config),
          device_(device),
          hooks_(hooks),
          num_batches_(data.features->size() / config.batch_size) {}

    std::int64_t num_batches() const { return num_batches_; }

    /// What is left of the epoch. False: stopped on request.
    bool run(const Order& order, double lr, Adam& optimizer, TrainingProgress& progress) const {
        if (plan_.loss_check == LossCheck::EveryStep || progress.batch > 0) {
            return run_checked(order, lr, optimizer, progress);
        }
        progress.optimizer = optimizer.state();
        bool usable = true;
        if (!run_unseen(order, lr, optimizer, progress.sums, usable)) {
            return false;
        }
        if (usable) {
            return true;
        }
        optimizer.restore(*progress.optimizer);
        progress.sums = {};
        return run_checked(order, lr, optimizer, progress);
    }

private:
    torch::Tensor batch(const Order& order, std::int64_t index) const {
        const auto first = order.begin() + index * config_.batch_size;
        return data_.features->gather({first, first + config_.batch_size}).to(device_);
    }

    bool stopped() const { return hooks_.stop && hooks_.stop(); }

    bool run_checked(const Order& order,
                     double lr,
                     Adam& optimizer,
                     TrainingProgress& progress) const {
        EpochSums& sums = progress.sums;
        while (progress.batch < num_batches_) {
            const StepResult step = training_step(
                model_, plan_.expert, batch(order, progress.batch), config_, lr, optimizer);
            sums.last_loss = step.total;
            if (step.stepped) {
                ++sums.steps;
                sums.loss += step.data;
                sums.grad_norm =
                    sums.grad_norm.defined() ? sums.grad_norm + step.grad_norm : step.grad_norm;
            }
            ++progress.batch;
            progress.optimizer = optimizer.moments();
            if (stopped()) {
                return false;
            }
        }
        return true;
    }

    /// `sums` stays empty until the epoch is done: a hook sees the epoch's start.
    bool run_unseen(
        const Order& order, double lr, Adam& optimizer, EpochSums& sums, bool& usable) const {
        torch::Tensor total, loss, grad_norm, all_usable;
        for (std::int64_t i = 0; i < num_batches_; ++i) {
            StepTensors step = forward(model_, plan_.expert, batch(order, i), config_);
            update(step, config_, lr, optimizer);
            total = step.loss.total.detach();
            const torch::Tensor fits = total <= kLargestLoss;
            const torch::Tensor data = step.loss.data.detach().to(torch::kFloat64);
            loss = i == 0 ? data : loss + data;
            grad_norm = i == 0 ? step.grad_norm : grad_norm + step.grad_norm;
            all_usable = i == 0 ? fits : all_usable.logical_and(fits);
            if (stopped()) {
                return false;
            }
        }
        usable = all_usable.item<bool>();
        sums = {num_batches_, loss.item<double>(), grad_norm, total.item<double>()};
        return true;
    }

    const MoleflowModel& model_;
    const ExpertTraining& plan_;
    const TaskData& data_;
    const sweeps::TrainConfig& config_;
    torch::Device device_;
    const TrainingHooks& hooks_;
    std::int64_t num_batches_;
};

}  // namespace

StepResult training_step(const MoleflowModel& model,
                         int expert,
                         const torch::Tensor& features,
                         const sweeps::TrainConfig& config,
                         double lr,
                         Adam& optimizer) {
    StepTensors step = forward(model, expert, features, config);
    StepResult result;
    result.total = step.loss.total.item<double>();
    result.data = step.loss.data.item<double>();
    result.logdet = step.loss.logdet.defined() ? step.loss.logdet.item<double>() : 0;
    if (!(result.total <= kLargestLoss)) {
        return result;
    }
    update(step, config, lr, optimizer);
    result.grad_norm = step.grad_norm;
    result.stepped = true;
    return result;
}

void train_expert(const MoleflowModel& model,
                  const ExpertTraining& plan,
                  const TaskData& data,
                  const sweeps::TrainConfig& config,
                  std::uint64_t seed,
                  torch::Device device,
                  const TrainingHooks& hooks,
                  TrainingProgress& progress) {
    const std::int64_t images = data.features->size();
    const EpochRunner runner(model, plan, data, config, device, hooks);
    if (runner.num_batches() == 0) {
        throw sweeps::DataError("task " + std::to_string(data.task) + " has " +
                                std::to_string(images) +
                                " training images, fewer than one batch of " +
                                std::to_string(config.batch_size) + "; lower train.batch_size");
    }
    std::vector<torch::Tensor> trained =
        trained_tensors(model.named_tensors(), plan.expert, plan.freezing);
    if (trained.empty()) {
        return;  // nothing of this expert's own: it stays what the shared tensors compute
    }
    Adam optimizer(std::move(trained), adam_options(config));
    const ScheduleOptions rates{
        config.lr, config.min_lr_ratio, config.num_epochs, config.warmup_epochs};
    if (progress.optimizer) {
        optimizer.restore(*progress.optimizer);
    }
    sweeps::RandomStream shuffle(seed, "shuffle/" + std::to_string(data.task));
    for (int done = 0; done < progress.epoch; ++done) {
        sweeps::random_permutation(images, shuffle);
    }

    while (progress.epoch < config.num_epochs) {
        const int epoch = progress.epoch;
        const double lr = plan.schedule == Schedule::Base ? cosine_lr(rates, epoch)
                                                          : warmup_cosine_lr(rates, epoch);
        const Order order = sweeps::random_permutation(images, shuffle);
        if (!runner.run(order, lr, optimizer, progress)) {
            return;
        }
        end_epoch(progress, optimizer.moments(), data.task, lr, runner.num_batches(), hooks);
    }
}

}  // namespace harrow::worker
