#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sweeps/error.hpp"

namespace harrow::slurm {

/// What starts the ranks inside the allocation.
enum class Launcher {
    Auto,    ///< None for one task, else Mpirun
    Mpirun,  ///< survives the loss of a rank
    Srun,    ///< a lost rank ends the job step; the journal and the checkpoints make it continue
    None     ///< one process, no MPI
};

/// What a job asks of Slurm and of the site. Members that are empty or 0 leave the cluster's
/// default.
struct JobRequest {
    std::string name;  ///< empty: the sweep's
    std::string partition;
    std::string account;
    std::string qos;
    std::string constraint;
    int nodes = 1;
    int tasks_per_node = 1;     ///< ranks; one per node is enough
    std::string gpus_per_node;  ///< "4" or "a100:4"
    int cpus_per_task = 0;
    std::string memory;        ///< per node, "64G"
    std::string time;          ///< as Slurm writes it: "30", "12:00:00", "2-00:00:00"
    int signal_seconds = 120;  ///< before the limit comes the request to drain; 0: none
    bool requeue = true;       ///< start again when it ended unfinished (exit code 75)
    int max_restarts = 200;
    int grace_seconds = 30;  ///< by which a launcher may outlive harrow before it is ended
    Launcher launcher = Launcher::Auto;
    std::vector<std::string> launcher_options;  ///< further words of its command line
    std::vector<std::string> extra;             ///< further #SBATCH lines: "--exclusive"
    std::vector<std::string> modules;
    std::vector<std::string> setup;  ///< shell lines run before the launcher
    std::string container;           ///< command before harrow, see words_of_command()
    std::string program;             ///< harrow on the nodes; empty: the one that is running
    std::vector<std::pair<std::string, std::string>> environment;
    std::string log;  ///< standard output of the job; empty: DIR/slurm/job-<id>.out
};

/// One thing a user can say about a job: a key of site.yaml, and a flag of `harrow slurm`.
struct JobSetting {
    const char* name;   ///< "gpus_per_node"
    const char* value;  ///< what it takes, for help: "N"
    const char* help;
    bool is_list;  ///< may be given several times; what comes later is added
    /// Answers what is wrong with `text`; nothing when it was taken.
    std::optional<std::string> (*take)(JobRequest& request, const std::string& text);
};

/// In the order of help and documentation.
const std::vector<JobSetting>& job_settings();

/// Throws sweeps::UsageError for settings that are right one by one and do not fit together.
void require_sound(const JobRequest& request);

/// Ranks of the whole job.
int task_count(const JobRequest& request);
/// Auto resolved.
Launcher launcher_of(const JobRequest& request);

/// Seconds of a time limit in one of Slurm's six spellings (minutes, minutes:seconds,
/// hours:minutes:seconds, days-hours, days-hours:minutes, days-hours:minutes:seconds).
std::optional<long> seconds_of_limit(const std::string& text);

}  // namespace harrow::slurm
