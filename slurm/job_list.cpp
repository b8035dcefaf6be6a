#include "slurm/job_list.hpp"

#include <algorithm>
#include <system_error>

#include <nlohmann/json.hpp>

#include "storage/files.hpp"
#include "sweeps/error.hpp"

namespace harrow::slurm {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kFormat = 1;

std::filesystem::path list_file(const std::filesystem::path& run_directory) {
    return slurm_directory(run_directory) / "jobs.json";
}

[[noreturn]] void refuse(const std::filesystem::path& file, const std::string& why) {
    throw sweeps::StorageError(file.string() + " cannot be used: " + why +
                               "; move it away, and Harrow no longer knows of the jobs in it");
}

}  // namespace

std::filesystem::path slurm_directory(const std::filesystem::path& run_directory) {
    return run_directory / "slurm";
}

std::filesystem::path job_script_file(const std::filesystem::path& run_directory, int number) {
    return slurm_directory(run_directory) / ("job-" + std::to_string(number) + ".sh");
}

std::filesystem::path job_output_file(const std::filesystem::path& run_directory,
                                      const std::string& id) {
    return slurm_directory(run_directory) / ("job-" + id + ".out");
}

std::vector<SubmittedJob> read_jobs(const std::filesystem::path& run_directory) {
    const std::filesystem::path file = list_file(run_directory);
    std::error_code error;
    if (!std::filesystem::exists(file, error) && !error) {
        return {};
    }
    const std::string text = storage::read_file(file);
    std::vector<SubmittedJob> jobs;
    try {
        const Json json = Json::parse(text);
        if (json.at("format") != kFormat) {
            refuse(file, "its format is not " + std::to_string(kFormat));
        }
        for (const Json& entry : json.at("jobs")) {
            jobs.push_back({entry.at("number").get<int>(),
                            entry.at("id").get<std::string>(),
                            entry.at("cluster").get<std::string>(),
                            entry.at("submitted").get<std::string>()});
        }
    } catch (const Json::exception& problem) {
        refuse(file, problem.what());
    }
    return jobs;
}

void write_jobs(const std::filesystem::path& run_directory, const std::vector<SubmittedJob>& jobs) {
    Json list = Json::array();
    for (const SubmittedJob& job : jobs) {
        list.push_back({{"number", job.number},
                        {"id", job.id},
                        {"cluster", job.cluster},
                        {"submitted", job.submitted}});
    }
    storage::write_file_atomic(
        list_file(run_directory),
        Json({{"format", kFormat}, {"jobs", std::move(list)}}).dump(2) + "\n");
}

int next_job_number(const std::filesystem::path& run_directory,
                    const std::vector<SubmittedJob>& jobs) {
    int number = 1;
    for (const SubmittedJob& job : jobs) {
        number = std::max(number, job.number + 1);
    }
    std::error_code error;
    while (std::filesystem::exists(job_script_file(run_directory, number), error)) {
        ++number;
    }
    return number;
}

}  // namespace harrow::slurm
