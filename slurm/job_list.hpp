#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace harrow::slurm {

/// A job that was sent for a run directory.
struct SubmittedJob {
    int number = 0;         ///< from 1, in this directory
    std::string id;         ///< Slurm's
    std::string cluster;    ///< empty: the only one
    std::string submitted;  ///< UTC, ISO 8601
};

/// DIR/slurm, and what lies in it.
std::filesystem::path slurm_directory(const std::filesystem::path& run_directory);
std::filesystem::path job_script_file(const std::filesystem::path& run_directory, int number);
/// Output of job `id`, unless its script says otherwise.
std::filesystem::path job_output_file(const std::filesystem::path& run_directory,
                                      const std::string& id);

/// DIR/slurm/jobs.json, in the order of submission; empty where no job was sent. Throws
/// StorageError for a file that cannot be read or is none of ours.
std::vector<SubmittedJob> read_jobs(const std::filesystem::path& run_directory);
/// Replaces it in one step. The directory must exist.
void write_jobs(const std::filesystem::path& run_directory, const std::vector<SubmittedJob>& jobs);

/// The lowest number that neither a job nor a script has or had.
int next_job_number(const std::filesystem::path& run_directory,
                    const std::vector<SubmittedJob>& jobs);

}  // namespace harrow::slurm
