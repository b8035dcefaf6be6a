#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

namespace harrow::worker {

struct WorkStatus {
    int task = 0, tasks = 0;        ///< from 0; tasks 0: not a training
    int epoch = 0, epochs = 0;      ///< epochs done of this task
    std::string text;               ///< "training", "evaluating", …
    std::int64_t images = 0;        ///< of an extraction, done
    std::int64_t images_total = 0;  ///< 0: not an extraction
};

/// Who is told how work goes on. This one listens to nothing. Called by the working thread.
class WorkMonitor {
public:
    virtual ~WorkMonitor() = default;
    /// One batch of work is done; a process that calls nothing for long counts as hung.
    virtual void step() noexcept {}
    virtual void report(const WorkStatus& /*status*/) {}
    virtual bool stop_requested() { return false; }
};

/// Work was left unfinished because the monitor asked for it. Not an error.
class WorkStopped : public std::runtime_error {
public:
    WorkStopped() : std::runtime_error("stopped on request; nothing of the unit was kept") {}
};

/// Between batches: counts the step and leaves by WorkStopped when asked to.
inline void step_or_stop(WorkMonitor& monitor) {
    monitor.step();
    if (monitor.stop_requested()) {
        throw WorkStopped();
    }
}

}  // namespace harrow::worker
