#pragma once

#include <string>
#include <vector>

#include "slurm/job_request.hpp"

namespace harrow::slurm {

/// The `harrow run` of a job. All paths are absolute: a job may start elsewhere.
struct RunCommand {
    std::string program;                 ///< unless JobRequest::program names another
    std::string spec;                    ///< sweep file; empty: resume what the directory holds
    std::vector<std::string> overrides;  ///< KEY=VALUE
    std::string run_directory;
    std::vector<std::string> flags;  ///< of `harrow run`: "--slots", "2"
};

/// The bash script of a job that runs, drains, requeues itself and finishes a sweep. Depends on its
/// arguments alone. Throws sweeps::UsageError for settings that do not fit together, and for paths
/// that a line of #SBATCH cannot hold.
std::string render_job_script(const JobRequest& request, const RunCommand& command);

}  // namespace harrow::slurm
