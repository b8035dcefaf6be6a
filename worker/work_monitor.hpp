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

/// A place in a training: what comes next is `epoch` (from 0) of `task` (from 0).
struct TrainingPlace {
    int task = 0, epoch = 0;
};

/// Who is told how work goes on. This one listens to nothing. Called by the working thread.
class WorkMonitor {
public:
    virtual ~WorkMonitor() = default;
    /// One batch of work is done; a process that calls nothing for long counts as hung.
    virtual void step() noexcept {}
    virtual void report(const WorkStatus& /*status*/) {}
    /// The unit must end: it is to be continued later, or cancelled.
    virtual bool stop_requested() { return false; }
    /// The unit must end and nothing of it is wanted any more.
    virtual bool cancelled() { return false; }
    /// Steady time in seconds, from any start. The only clock that checkpoints know; here it
    /// stands.
    virtual double seconds() { return 0; }
    /// A checkpoint of so many bytes was published.
    virtual void checkpointed(const TrainingPlace& /*place*/, std::uint64_t /*bytes*/) {}
    /// The training does not begin at its start.
    virtual void resumed(const TrainingPlace& /*place*/) {}
};

/// Work was left unfinished because the monitor asked for it. Not an error.
class WorkStopped : public std::runtime_error {
public:
    WorkStopped() : WorkStopped("stopped on request; a training goes on from its checkpoint") {}

protected:
    using std::runtime_error::runtime_error;
};

/// The same, for good.
class WorkCancelled : public WorkStopped {
public:
    WorkCancelled() : WorkStopped("cancelled; nothing of the unit was kept") {}
};

/// Leaves by WorkCancelled or WorkStopped when the monitor asks for it.
inline void stop_if_asked(WorkMonitor& monitor) {
    if (monitor.stop_requested()) {
        if (monitor.cancelled()) {
            throw WorkCancelled();
        }
        throw WorkStopped();
    }
}

/// Between batches: counts the step and leaves when asked to.
inline void step_or_stop(WorkMonitor& monitor) {
    monitor.step();
    stop_if_asked(monitor);
}

}  // namespace harrow::worker
