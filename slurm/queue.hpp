#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "slurm/job_list.hpp"

namespace harrow::slurm {

/// A job as squeue shows it; texts are Slurm's own.
struct QueuedJob {
    std::string id;
    std::string state;    ///< "PENDING", "RUNNING", "COMPLETED", …
    std::string reason;   ///< why it waits, "Resources"; empty: none
    std::string nodes;    ///< "node[0-1]"; empty before it starts
    std::string elapsed;  ///< "1-02:03:04"
    std::string limit;
    std::string start;     ///< when it started, or is expected to; empty: unknown
    std::string restarts;  ///< how often it was requeued
};

struct QueueAnswer {
    std::vector<QueuedJob> jobs;  ///< those that Slurm still knows
    std::string problem;          ///< empty: it answered
};

/// Whether a job in this state holds or will hold nodes. States that are new to Harrow do.
bool is_active(const std::string& state);

/// Asks squeue for these jobs, also for those that have ended a short while ago.
QueueAnswer query_queue(const std::vector<SubmittedJob>& jobs, std::chrono::milliseconds limit);

/// The columns that query_queue asks for, one job per line. Lines of another shape are skipped.
std::vector<QueuedJob> parse_queue(const std::string& text);

/// "RUNNING on node[0-1], 0:42 of 1:00:00, 1 restart", "PENDING (Resources)".
std::string to_string(const QueuedJob& job);

}  // namespace harrow::slurm
