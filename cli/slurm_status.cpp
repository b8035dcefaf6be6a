#include "cli/slurm_status.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <optional>
#include <system_error>
#include <vector>

#include <nlohmann/json.hpp>

#include "slurm/queue.hpp"
#include "storage/run_directory.hpp"

namespace harrow::cli {
namespace {

constexpr auto kPatience = std::chrono::seconds(10);
constexpr std::ptrdiff_t kAsked = 50;  // the last jobs; older ones have ended long ago

struct JobLine {
    slurm::SubmittedJob job;
    std::optional<slurm::QueuedJob> queued;  ///< nothing: Slurm does not know it, or not answer
};

struct JobLines {
    std::vector<JobLine> lines;
    std::string problem;
};

JobLines job_lines(const std::string& dir) {
    std::vector<slurm::SubmittedJob> jobs = slurm::read_jobs(std::filesystem::absolute(dir));
    if (jobs.empty()) {
        return {};
    }
    const auto asked = std::min(kAsked, static_cast<std::ptrdiff_t>(jobs.size()));
    jobs.erase(jobs.begin(), jobs.end() - asked);
    const slurm::QueueAnswer answer = slurm::query_queue(jobs, kPatience);
    JobLines result;
    result.problem = answer.problem;
    for (const slurm::SubmittedJob& job : jobs) {
        const auto found = std::find_if(
            answer.jobs.begin(), answer.jobs.end(), [&](const slurm::QueuedJob& queued) {
                return queued.id == job.id;
            });
        const bool known = found != answer.jobs.end();
        if (job.id == jobs.back().id || (known && slurm::is_active(found->state))) {
            result.lines.push_back({job, known ? std::optional(*found) : std::nullopt});
        }
    }
    return result;
}

}  // namespace

bool only_submitted(const std::string& dir) {
    const std::filesystem::path path = std::filesystem::absolute(dir);
    std::error_code error;
    const auto size = std::filesystem::file_size(storage::RunDirectory(path).journal_file(), error);
    return (error || size == 0) && !slurm::read_jobs(path).empty();
}

std::string slurm_status_text(const std::string& dir) {
    const JobLines jobs = job_lines(dir);
    std::string text;
    for (const JobLine& line : jobs.lines) {
        text += "job " + line.job.id + " of Slurm, submitted " + line.job.submitted + ": ";
        if (line.queued) {
            text += slurm::to_string(*line.queued);
        } else {
            text += jobs.problem.empty() ? "no longer in the queue" : jobs.problem;
        }
        text += "\n";
    }
    return text;
}

nlohmann::ordered_json slurm_status_json(const std::string& dir) {
    const JobLines jobs = job_lines(dir);
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const JobLine& line : jobs.lines) {
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
        } else if (!jobs.problem.empty()) {
            entry["problem"] = jobs.problem;
        }
        list.push_back(std::move(entry));
    }
    return list;
}

}  // namespace harrow::cli
