#pragma once

#include <string>

namespace harrow::coordinator {

/// How this process was started, from its environment alone (no MPI call).
struct LaunchEnvironment {
    bool under_launcher = false;  ///< mpirun or srun --mpi=pmix
    int rank = 0;
    int size = 1;
    int local_rank = 0;  ///< among the ranks of this node that see the same GPUs
    int local_size = 1;  ///< those ranks; 1 where Slurm gave each task GPUs of its own
};

/// Throws UsageError naming `--mpi=pmix` when srun started several tasks that cannot find each
/// other. A batch script of several tasks is none of them: what it starts by itself is one process.
LaunchEnvironment launch_environment();

/// The node's name in Slurm (emulated nodes share a host name), else the host's.
std::string node_name();

}  // namespace harrow::coordinator
