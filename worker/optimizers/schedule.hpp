#pragma once

namespace harrow::worker {

struct ScheduleOptions {
    double lr = 3e-4;
    double min_lr_ratio = 0.01;  ///< the cosine ends at min_lr_ratio · lr
    int num_epochs = 60;
    int warmup_epochs = 2;  ///< of later tasks
};

/// Half a cosine from lr towards the minimum over num_epochs; epoch counts from 0.
double cosine_lr(const ScheduleOptions& options, int epoch);

/// Later tasks: lr grows linearly during the warm-up, then follows cosine_lr from its first epoch
/// on, so that the minimum is not reached (the reference's rule).
double warmup_cosine_lr(const ScheduleOptions& options, int epoch);

}  // namespace harrow::worker
