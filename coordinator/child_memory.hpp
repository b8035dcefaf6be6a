#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include <sys/types.h>

#include "coordinator/descriptor.hpp"

namespace harrow::coordinator {

/// Memory that a process holds now, with all its threads; 0 when it cannot be told.
std::int64_t resident_bytes(pid_t process);

/// Whether the kernel killed a process because memory ran out, as far as the kernel lets itself be
/// asked: the counter of the control group (version 2 or 1), or else the kernel's log. Where
/// neither can be read nothing counts as out of memory.
class KernelMemoryKills {
public:
    using Clock = std::chrono::steady_clock;

    /// Of this process's control group and machine.
    KernelMemoryKills();
    /// `counter`: a file with a line "oom_kill N"; empty: none.
    explicit KernelMemoryKills(std::string counter);

    /// Call it about once a second, so that what happened long before a death is not taken for its
    /// cause.
    void look(Clock::time_point now);
    /// Whether the kernel says so of `process`, which SIGKILL has just ended.
    bool killed(pid_t process, Clock::time_point now);

private:
    bool log_names(pid_t process);

    std::string counter_;
    std::optional<std::uint64_t> seen_;  ///< value of the counter
    std::uint64_t unexplained_ = 0;      ///< kills of late that no death was put down to
    Clock::time_point grown_;
    Descriptor log_;
};

}  // namespace harrow::coordinator
