#pragma once

#include "coordinator/work.hpp"
#include "worker/work_monitor.hpp"

namespace harrow::worker {

/// Whether the work is a training by method noop.
bool is_noop(const coordinator::TrainingWork& work);

/// Waits as long as the configuration says and invents rows: for each trial and task a mean image
/// AUROC that follows from the seed, the trial and the task alone. Reads and writes no file.
/// Throws WorkStopped when asked to stop, UsageError on a configuration that is none.
coordinator::WorkResult run_noop(const coordinator::TrainingWork& work, WorkMonitor& monitor);

}  // namespace harrow::worker
