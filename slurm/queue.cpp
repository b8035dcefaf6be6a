#include "slurm/queue.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <sstream>
#include <string_view>

#include "slurm/command.hpp"

namespace harrow::slurm {
namespace {

constexpr std::size_t kColumns = 8;
constexpr const char* kFormat =
    "JobID:|,State:|,Reason:|,NodeList:|,TimeUsed:|,TimeLimit:|,StartTime:|,RestartCnt:|";

// Slurm writes one of these where it has nothing to say.
std::string said(const std::string& column) {
    return column == "None" || column == "N/A" || column == "(null)" ? "" : column;
}

/// True where squeue complains that none of the jobs is known any more.
bool knows_none(const CommandResult& result) {
    return result.started && !result.timed_out && result.exit_code != 0 &&
           result.error.find("Invalid job id") != std::string::npos;
}

}  // namespace

bool is_active(const std::string& state) {
    static const std::array<std::string_view, 10> ended = {"BOOT_FAIL",
                                                           "CANCELLED",
                                                           "COMPLETED",
                                                           "DEADLINE",
                                                           "FAILED",
                                                           "NODE_FAIL",
                                                           "OUT_OF_MEMORY",
                                                           "PREEMPTED",
                                                           "REVOKED",
                                                           "TIMEOUT"};
    return std::find(ended.begin(), ended.end(), state) == ended.end();
}

std::vector<QueuedJob> parse_queue(const std::string& text) {
    std::vector<QueuedJob> jobs;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        std::vector<std::string> columns;
        std::istringstream words(line);
        for (std::string column; std::getline(words, column, '|');) {
            columns.push_back(std::move(column));
        }
        if (columns.size() != kColumns || columns[0].empty() || columns[1].empty()) {
            continue;
        }
        jobs.push_back({columns[0],
                        columns[1],
                        said(columns[2]),
                        said(columns[3]),
                        said(columns[4]),
                        said(columns[5]),
                        said(columns[6]),
                        said(columns[7])});
    }
    return jobs;
}

QueueAnswer query_queue(const std::vector<SubmittedJob>& jobs, std::chrono::milliseconds limit) {
    std::map<std::string, std::string> ids_of_cluster;
    for (const SubmittedJob& job : jobs) {
        std::string& ids = ids_of_cluster[job.cluster];
        ids += (ids.empty() ? "" : ",") + job.id;
    }
    QueueAnswer answer;
    for (const auto& [cluster, ids] : ids_of_cluster) {
        std::vector<std::string> words = {"squeue",
                                          "--noheader",
                                          "--states=all",
                                          "--jobs=" + ids,
                                          "--Format=" + std::string(kFormat)};
        if (!cluster.empty()) {
            words.push_back("--clusters=" + cluster);
        }
        const CommandResult result = run_command(words, limit, outside_environment());
        if (knows_none(result)) {
            continue;
        }
        const std::string problem = command_problem("squeue", result);
        answer.problem = problem.empty() ? answer.problem : problem;
        for (QueuedJob& job : parse_queue(result.output)) {
            answer.jobs.push_back(std::move(job));
        }
    }
    return answer;
}

std::string to_string(const QueuedJob& job) {
    std::string text = job.state;
    if (!is_active(job.state)) {
        return text;
    }
    if (job.state == "PENDING") {
        text += job.reason.empty() ? "" : " (" + job.reason + ")";
        text += job.start.empty() ? "" : ", expected to start at " + job.start;
    } else {
        text += job.nodes.empty() ? "" : " on " + job.nodes;
        text += job.elapsed.empty() ? "" : ", " + job.elapsed;
        text += job.limit.empty() ? "" : " of " + job.limit;
    }
    if (!job.restarts.empty() && job.restarts != "0") {
        text += ", " + job.restarts + (job.restarts == "1" ? " restart" : " restarts");
    }
    return text;
}

}  // namespace harrow::slurm
