#pragma once

#include <functional>
#include <memory>

#include "cli/options.hpp"

namespace CLI {
class App;
}

namespace harrow::cli {

/// Flags of a `harrow slurm` verb: one per slurm::JobSetting, and --site.
void add_job_settings(CLI::App& app, const std::shared_ptr<SlurmJobOptions>& options);

/// Gives the verb the flags that `add_run_flags` adds for a `harrow run`; those that are typed end
/// up in `run_flags`, as they were.
void hand_on_to_run(CLI::App& app,
                    const std::shared_ptr<SlurmJobOptions>& options,
                    const std::function<void(const std::shared_ptr<RunOptions>&)>& add_run_flags);

}  // namespace harrow::cli
