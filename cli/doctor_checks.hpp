#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "coordinator/device_probe.hpp"

/// What `harrow doctor` looks at. Judgements of given facts, so that each can be tested; only
/// check_directory and machine_facts touch the machine.
namespace harrow::cli {

enum class Health { Ok, Warn, Fail };

struct Finding {
    Health health = Health::Ok;
    std::string what;   ///< one or two words: "worker", "file locks"
    std::string found;  ///< one line
    std::string cure;   ///< what to do; empty when it is fine
};

/// "ok", "warn" or "FAIL".
std::string_view name_of(Health health);

/// What `harrow-worker --doctor` printed, or why it printed nothing.
struct WorkerAnswer {
    std::string path;
    std::string output;
    std::string problem;  ///< not started, crashed, too slow; else empty
};
/// Lines about the worker, torch and BLAS; the last two only where the worker answered.
std::vector<Finding> judge_worker(const WorkerAnswer& answer, const std::string& own_build);

struct MachineFacts {
    int cpus_online = 1, cpus_allowed = 1;
    std::string mpi_library;                   ///< as it calls itself
    std::optional<std::string> mpirun;         ///< first line of `mpirun --version`; missing: none
    std::optional<std::string> srun_mpi_list;  ///< of `srun --mpi=list`; missing: no srun
    std::int64_t shm_bytes = -1;               ///< size of /dev/shm; -1: there is none
    std::int64_t open_files = 0;               ///< soft limit
    std::int64_t now = 0;                      ///< seconds since 1970
    bool gnuplot = false;
};
std::vector<Finding> judge_machine(const MachineFacts& facts);

/// `found`: missing where no driver is there to ask.
Finding judge_gpus(const std::optional<coordinator::ProbeResult>& found,
                   const std::optional<std::string>& visible_devices);

struct SpaceFacts {
    std::uint64_t free_bytes = 0, files = 0, free_files = 0;  ///< files 0: the system counts none
};
Finding judge_space(const std::string& what,
                    const std::filesystem::path& path,
                    const SpaceFacts& space);

enum class DirectoryUse { Run, Cache };
/// Writing with sync and rename, file locks (of a run directory), the file system's clock, space.
/// For one that does not exist yet, where it would be made. Leaves nothing behind, never throws.
std::vector<Finding> check_directory(const std::filesystem::path& directory, DirectoryUse use);

/// Runs mpirun and srun where they are found. Never throws.
MachineFacts machine_facts();

}  // namespace harrow::cli
