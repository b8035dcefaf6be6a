#pragma once

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "slurm/job_list.hpp"
#include "slurm/queue.hpp"

namespace harrow::cli {

/// True when jobs were sent for the directory and none has begun the run yet.
bool only_submitted(const std::string& dir);

struct JobStatus {
    slurm::SubmittedJob job;
    std::optional<slurm::QueuedJob> queued;  ///< nothing: Slurm does not know it, or not answer
};

/// The jobs of `harrow slurm submit` that matter still (all that wait or run, and the last one).
struct SlurmStatus {
    std::vector<JobStatus> jobs;  ///< empty where none was sent
    std::string problem;          ///< one line: why the list or the queue cannot be read; or empty

    /// One waits or runs, or that cannot be told.
    bool may_begin() const;
};

/// Waits at most a few seconds for Slurm. Does not throw for a damaged list of jobs.
SlurmStatus slurm_status(const std::string& dir);

/// A line per job: its state in the queue, or why that is unknown.
std::string slurm_status_text(const SlurmStatus& status);

/// The same as a list; keys: docs/file-formats.md.
nlohmann::ordered_json slurm_status_json(const SlurmStatus& status);

}  // namespace harrow::cli
