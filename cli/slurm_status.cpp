#include "cli/slurm_status.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <system_error>
#include <utility>

#include <nlohmann/json.hpp>

#include "storage/run_directory.hpp"
#include "sweeps/error.hpp"

namespace harrow::cli {
namespace {

constexpr auto kPatience = std::chrono::seconds(10);
constexpr std::ptrdiff_t kAsked = 50;  // the last jobs; older ones have ended long ago

}  // namespace

bool only_submitted(const std::string& dir) {
    const std::filesystem::path path = std::filesystem::absolute(dir);
    std::error_code error;
    const auto size = std::filesystem::file_size(storage::RunDirectory(path).journal_file(), error);
    return (error || size == 0) && !slurm::read_jobs(path).empty();
}

bool SlurmStatus::may_begin() const {
    return !problem.empty() || std::any_of(jobs.begin(), jobs.end(), [](const JobStatus& status) {
        return status.queued && slurm::is_active(status.queued->state);
    });
}

SlurmStatus slurm_status(const std::string& dir) {
    SlurmStatus status;
    std::vector<slurm::SubmittedJob> jobs;
    try {
        jobs = slurm::read_jobs(std::filesystem::absolute(dir));
    } catch (const sweeps::StorageError& error) {
        status.problem = error.what();
        status.problem.erase(std::min(status.problem.find('\n'), status.problem.size()));
        return status;
    }
    if (jobs.empty()) {
        return status;
    }
    const auto asked = std::min(kAsked, static_cast<std::ptrdiff_t>(jobs.size()));
    jobs.erase(jobs.begin(), jobs.end() - asked);
    const slurm::QueueAnswer answer = slurm::query_queue(jobs, kPatience);
    status.problem = answer.problem;
    for (const slurm::SubmittedJob& job : jobs) {
        const auto found = std::find_if(
            answer.jobs.begin(), answer.jobs.end(), [&](const slurm::QueuedJob& queued) {
                return queued.id == job.id;
            });
        const bool known = found != answer.jobs.end();
        if (job.id == jobs.back().id || (known && slurm::is_active(found->state))) {
            status.jobs.push_back({job, known ? std::optional(*found) : std::nullopt});
        }
    }
    return status;
}

std::string slurm_status_text(const SlurmStatus& status) {
    std::string text;
    for (const JobStatus& line : status.jobs) {
        text += "job " + line.job.id + " of Slurm, submitted " + line.job.submitted + ": ";
        if (line.queued) {
            text += slurm::to_string(*line.queued);
        } else {
            text += status.problem.empty() ? "no longer in the queue" : status.problem;
        }
        text += "\n";
    }
    if (status.jobs.empty() && !status.problem.empty()) {
        text = "jobs of Slurm: " + status.problem + "\n";
    }
    return text;
}

nlohmann::ordered_json slurm_status_json(const SlurmStatus& status) {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const JobStatus& line : status.jobs) {
        nlohmann::ordered_json entry = {{"id", line.job.id},
                                        {"submitted", line.job.submitted},
                                        {"state", nullptr},
                                        {"problem", nullptr}};
        if (line.queued) {
            entry["state"] = line.queued->state;
            entry["reason"] = line.queued->reason;
            entry["nodes"] = line.queued->nodes;
            entry["elapsed"] = line.queued->elapsed;
            entry["limit"] = line.queued->limit;
            entry["start"] = line.queued->start;
            entry["restarts"] = line.queued->restarts;
        } else if (!status.problem.empty()) {
            entry["problem"] = status.problem;
        }
        list.push_back(std::move(entry));
    }
    if (status.jobs.empty() && !status.problem.empty()) {
        list.push_back({{"id", nullptr},
                        {"submitted", nullptr},
                        {"state", nullptr},
                        {"problem", status.problem}});
    }
    return list;
}

}  // namespace harrow::cli
