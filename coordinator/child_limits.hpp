#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include <sys/types.h>

#include "coordinator/supervisor.hpp"

namespace harrow::coordinator {

/// Why a child must be killed.
struct Breach {
    std::string reason;
    bool out_of_memory = false;
};

/// What a child is allowed: time until it is ready, between two steps of work and until it ends a
/// cancelled unit, and memory. The caller gives the time.
class ChildLimits {
public:
    using Clock = std::chrono::steady_clock;

    /// `options` must outlive this object.
    explicit ChildLimits(const SupervisorOptions& options) : options_(options) {}

    void child_started(Clock::time_point now);
    void child_ready() { starting_ = false; }
    void unit_started(Clock::time_point now);
    void unit_ended();
    /// `step` counts since the child's start; only a higher one is a sign of life.
    void step(std::uint64_t step, Clock::time_point now);
    void cancel_asked(Clock::time_point now);
    /// The supervisor itself stood still (Ctrl-Z, a suspended machine): all limits start anew.
    void restart(Clock::time_point now);

    /// Looks at the child's memory at most every `memory_interval`.
    std::optional<Breach> check(pid_t child, Clock::time_point now);
    Clock::time_point next_deadline() const;

private:
    const SupervisorOptions& options_;
    bool starting_ = false, working_ = false;
    Clock::time_point started_, last_step_time_, last_memory_look_;
    std::optional<Clock::time_point> cancel_asked_;
    std::uint64_t last_step_ = 0;
};

/// "600 s", "50 ms".
std::string seconds_text(std::chrono::milliseconds duration);

}  // namespace harrow::coordinator
