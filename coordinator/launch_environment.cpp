#include "coordinator/launch_environment.hpp"

#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <string>
#include <string_view>

#include <unistd.h>

#include "storage/files.hpp"
#include "sweeps/error.hpp"

namespace harrow::coordinator {
namespace {

// `fallback` when the variable is absent or no number.
int number_from(const char* variable, int fallback) {
    const char* text = std::getenv(variable);
    if (text == nullptr || *text == '\0') {
        return fallback;
    }
    char* end = nullptr;
    const long value = std::strtol(text, &end, 10);
    return *end == '\0' && value >= 0 && value < 1'000'000 ? static_cast<int>(value) : fallback;
}

// Tasks of this step on its `node`-th node. Slurm writes "2(x3),1": three nodes with two, one with
// one. 1 where it says nothing that can be read.
int tasks_of_node(int node) {
    const char* list = std::getenv("SLURM_STEP_TASKS_PER_NODE");
    std::istringstream entries(list != nullptr ? list : "");
    for (std::string entry; std::getline(entries, entry, ',');) {
        int tasks = 0;
        int nodes = 1;
        if (std::sscanf(entry.c_str(), "%9d(x%9d)", &tasks, &nodes) < 1) {
            return 1;
        }
        if (node < nodes) {
            return tasks > 0 ? tasks : 1;
        }
        node -= nodes;
    }
    return 1;
}

// Whether Slurm gave this task GPUs of its own (--gpus-per-task, --gpu-bind): then
// CUDA_VISIBLE_DEVICES is another list in every task of the node.
bool has_own_devices() {
    const char* bind = std::getenv("SLURMD_TRES_BIND");  // "gpu:per_task:2"
    const std::string_view text = bind != nullptr ? bind : "";
    for (const std::string_view word : {"per_task", "single", "map", "mask"}) {
        if (text.find(word) != std::string_view::npos) {
            return true;
        }
    }
    return std::getenv("SLURM_GPUS_PER_TASK") != nullptr;
}

// Of this process's step; a batch script is none, whatever its allocation holds.
int tasks_of_step() {
    return std::getenv("SLURM_STEP_ID") != nullptr ? number_from("SLURM_STEP_NUM_TASKS", 1) : 1;
}

}  // namespace

LaunchEnvironment launch_environment() {
    LaunchEnvironment launch;
    if (std::getenv("OMPI_COMM_WORLD_RANK") != nullptr) {  // mpirun; SLURM_* are its daemon's then
        launch.under_launcher = true;
        launch.rank = number_from("OMPI_COMM_WORLD_RANK", 0);
        launch.size = number_from("OMPI_COMM_WORLD_SIZE", 1);
        launch.local_rank = number_from("OMPI_COMM_WORLD_LOCAL_RANK", 0);
        launch.local_size = number_from("OMPI_COMM_WORLD_LOCAL_SIZE", 1);
    } else if (std::getenv("PMIX_RANK") != nullptr) {  // srun --mpi=pmix
        launch.under_launcher = true;
        launch.rank = number_from("PMIX_RANK", 0);
        launch.size = number_from("SLURM_STEP_NUM_TASKS", number_from("SLURM_NTASKS", 1));
        if (!has_own_devices()) {
            launch.local_rank = number_from("SLURM_LOCALID", 0);
            launch.local_size = tasks_of_node(number_from("SLURM_NODEID", 0));
        }
    } else if (const int tasks = tasks_of_step(); tasks > 1) {
        throw sweeps::UsageError("srun started " + std::to_string(tasks) +
                                 " tasks, but this process cannot find the others; start it with "
                                 "`srun --mpi=pmix harrow run …` "
                                 "(or `mpirun harrow run …` inside the allocation)");
    }
    return launch;
}

std::string node_name() {
    const char* node = std::getenv("SLURMD_NODENAME");
    return node != nullptr ? node : storage::host_name();
}

}  // namespace harrow::coordinator
