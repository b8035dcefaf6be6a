#include "worker/noop.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <thread>
#include <utility>

#include "sweeps/canonical.hpp"
#include "sweeps/random.hpp"

namespace harrow::worker {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kNap{100};  // how late a request to stop may be heard

void wait_until(Clock::time_point end, WorkMonitor& monitor) {
    for (Clock::time_point now = Clock::now(); now < end; now = Clock::now()) {
        std::this_thread::sleep_for(std::min<Clock::duration>(end - now, kNap));
        step_or_stop(monitor);
    }
}

}  // namespace

bool is_noop(const coordinator::TrainingWork& work) {
    return work.config_text.find("\nmethod=noop\n") != std::string::npos;
}

coordinator::WorkResult run_noop(const coordinator::TrainingWork& work, WorkMonitor& monitor) {
    const Clock::time_point start = Clock::now();
    const sweeps::NoopConfig config = sweeps::parse_canonical(work.config_text).noop;
    coordinator::WorkResult result;
    for (const coordinator::ScoreJob& job : work.jobs) {
        result.trials.push_back({job.trial, {}, {}, ""});
    }
    for (int task = 0; task < config.tasks; ++task) {
        if (config.seconds > 0) {
            monitor.report({task, config.tasks, 0, 0, "waiting", 0, 0});
            const std::chrono::duration<double> until(config.seconds * (task + 1) / config.tasks);
            wait_until(start + std::chrono::duration_cast<Clock::duration>(until), monitor);
        }
        for (coordinator::TrialResult& trial : result.trials) {
            sweeps::RandomStream random(work.seed, trial.trial + "/" + std::to_string(task));
            trial.rows.push_back({task, "mean", "routed", "image_auroc", random.uniform()});
        }
    }
    monitor.step();
    result.seconds = std::chrono::duration<double>(Clock::now() - start).count();
    result.times.train = result.seconds;
    return result;
}

}  // namespace harrow::worker
