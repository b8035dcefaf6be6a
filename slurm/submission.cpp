#include "slurm/submission.hpp"

#include <algorithm>
#include <cctype>
#include <system_error>
#include <vector>

#include "slurm/command.hpp"
#include "slurm/queue.hpp"
#include "storage/directory_lock.hpp"
#include "storage/files.hpp"
#include "storage/run_directory.hpp"
#include "sweeps/error.hpp"

namespace harrow::slurm {
namespace {

namespace fs = std::filesystem;
using sweeps::ExitCode;

/// Removes what was made for a submission that did not happen: files and directories that are
/// empty again, newest first.
class Undo {
public:
    /// `path` and those above it that are missing now.
    void note_missing_directories(fs::path path) {
        std::error_code error;
        for (; !path.empty() && !fs::exists(path, error) && !error; path = path.parent_path()) {
            made_.insert(made_.begin(), path);
        }
    }
    void note(const fs::path& file) { made_.push_back(file); }
    void forget() { made_.clear(); }
    ~Undo() {
        std::error_code ignored;
        for (auto path = made_.rbegin(); path != made_.rend(); ++path) {
            fs::remove(*path, ignored);
        }
    }
    Undo() = default;
    Undo(const Undo&) = delete;
    Undo& operator=(const Undo&) = delete;

private:
    std::vector<fs::path> made_;
};

void refuse_second_job(const Submission& submission, const std::vector<SubmittedJob>& jobs) {
    if (submission.again || jobs.empty()) {
        return;
    }
    const QueueAnswer answer = query_queue(jobs, submission.limit);
    if (!answer.problem.empty()) {
        throw sweeps::Error(ExitCode::Infrastructure,
                            "whether an earlier job of " + submission.run_directory.string() +
                                " still runs cannot be told: " + answer.problem +
                                "; --again submits all the same");
    }
    for (const QueuedJob& job : answer.jobs) {
        if (is_active(job.state)) {
            throw sweeps::UsageError("job " + job.id + " of " + submission.run_directory.string() +
                                     " is " + to_string(job) +
                                     "; wait for it, end it with `scancel " + job.id +
                                     "`, or submit all the same with --again");
        }
    }
}

void refuse_running_directory(const Submission& submission) {
    const storage::RunDirectory directory(submission.run_directory);
    if (!submission.again && storage::DirectoryLock::is_held(directory.lock_file())) {
        throw sweeps::UsageError("another harrow works in " + submission.run_directory.string() +
                                 "; wait for it, stop it, or submit all the same with --again");
    }
}

}  // namespace

std::optional<JobId> parse_job_id(const std::string& output) {
    const std::size_t end = output.find_last_not_of(" \r\n\t");
    if (end == std::string::npos) {
        return std::nullopt;
    }
    const std::size_t before = output.find_last_of('\n', end);
    const std::size_t begin = before == std::string::npos ? 0 : before + 1;
    const std::string line = output.substr(begin, end - begin + 1);
    const std::size_t semicolon = line.find(';');
    JobId job = {line.substr(0, semicolon),
                 semicolon == std::string::npos ? "" : line.substr(semicolon + 1)};
    const bool is_number = std::all_of(
        job.id.begin(), job.id.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
    return is_number && !job.id.empty() ? std::optional(std::move(job)) : std::nullopt;
}

SubmittedJob submit(const Submission& submission) {
    const fs::path& run = submission.run_directory;
    refuse_second_job(submission, read_jobs(run));
    refuse_running_directory(submission);
    Undo undo;
    undo.note_missing_directories(slurm_directory(run));
    storage::create_directories(slurm_directory(run));
    const fs::path lock_file = slurm_directory(run) / ".submit.lock";
    const storage::DirectoryLock lock = storage::DirectoryLock::acquire(lock_file);
    undo.note(lock_file);
    std::vector<SubmittedJob> jobs = read_jobs(run);  // nobody else adds to it now
    refuse_second_job(submission, jobs);

    SubmittedJob job;
    job.number = next_job_number(run, jobs);
    job.submitted = submission.submitted;
    const fs::path script = job_script_file(run, job.number);
    undo.note(script);
    storage::write_file_atomic(script, submission.script);
    const CommandResult result = run_command(
        {"sbatch", "--parsable", script.string()}, submission.limit, outside_environment());
    const std::string problem = command_problem("sbatch", result);
    if (!problem.empty()) {
        throw sweeps::Error(ExitCode::Infrastructure, "nothing was submitted: " + problem);
    }
    undo.forget();
    const std::optional<JobId> id = parse_job_id(result.output);
    if (!id) {
        throw sweeps::Error(ExitCode::Infrastructure,
                            "sbatch took " + script.string() + " and answered '" + result.output +
                                "', which holds no job id; look for the job with squeue");
    }
    job.id = id->id;
    job.cluster = id->cluster;
    jobs.push_back(job);
    try {
        write_jobs(run, jobs);
    } catch (const sweeps::StorageError& error) {
        throw sweeps::StorageError("job " + job.id + " was submitted and could not be recorded (" +
                                   error.what() + "): Harrow will not know of it; end it with " +
                                   "`scancel " + job.id + "`, or note its number");
    }
    return job;
}

}  // namespace harrow::slurm
