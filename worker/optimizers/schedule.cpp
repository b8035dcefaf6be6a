#include "worker/optimizers/schedule.hpp"

#include <cmath>

namespace harrow::worker {
namespace {

constexpr double kPi = 3.14159265358979323846;

}  // namespace

double cosine_lr(const ScheduleOptions& options, int epoch) {
    const double lowest = options.min_lr_ratio * options.lr;
    const double progress = static_cast<double>(epoch) / options.num_epochs;
    return lowest + 0.5 * (options.lr - lowest) * (1 + std::cos(kPi * progress));
}

double warmup_cosine_lr(const ScheduleOptions& options, int epoch) {
    if (epoch < options.warmup_epochs) {
        return options.lr * (epoch + 1) / options.warmup_epochs;
    }
    return cosine_lr(options, epoch - options.warmup_epochs);
}

}  // namespace harrow::worker
