#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "slurm/job_list.hpp"

namespace harrow::slurm {

struct JobId {
    std::string id;
    std::string cluster;  ///< empty: the only one
};

/// Of what `sbatch --parsable` printed: "123" or "123;cluster" in its last line.
std::optional<JobId> parse_job_id(const std::string& output);

struct Submission {
    std::filesystem::path run_directory;  ///< absolute; created when missing
    std::string script;
    std::string submitted;                    ///< UTC, ISO 8601
    bool again = false;                       ///< although a job is queued or running
    std::chrono::milliseconds limit{60'000};  ///< for each program of Slurm
};

/// Writes DIR/slurm/job-<n>.sh, hands it to sbatch and records the job. One submission per
/// directory at a time. Throws UsageError when a recorded job is queued or running (or Slurm cannot
/// tell), or another harrow works in the directory, and `again` is not set, and sweeps::Error when
/// sbatch refuses or is absent; the script and what was made for it are gone then. A job that was
/// taken and cannot be recorded is named in the error.
SubmittedJob submit(const Submission& submission);

}  // namespace harrow::slurm
