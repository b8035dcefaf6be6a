#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>

#include "coordinator/messages.hpp"
#include "coordinator/protocol_error.hpp"

namespace harrow::coordinator {

/// The child's end of its socket.
constexpr int kChildDescriptor = 3;
/// Holds the supervisor's process id, so that a child can tell whether it was orphaned at birth.
constexpr const char* kSupervisorPidVariable = "HARROW_SUPERVISOR_PID";

/// The worker process's end of its socket to the supervisor (descriptor 3).
///
///     ChildLink link;                       // first thing in main
///     link.send(Ready{...link.hello()...});
///     while (auto work = link.next()) { ... link.step(); ... link.send(Finished{...}); }
///
/// `send` and `step` may be called from any thread, the rest from the main thread.
class ChildLink {
public:
    /// Asks the kernel to kill this process with its parent, checks that the parent still lives,
    /// ignores SIGINT, SIGTERM, SIGUSR1 and SIGPIPE, and waits for Hello.
    /// Throws UsageError when not started by a supervisor, ProtocolError on another protocol.
    ChildLink();
    ~ChildLink();
    ChildLink(const ChildLink&) = delete;
    ChildLink& operator=(const ChildLink&) = delete;

    /// True when a supervisor started this process: descriptor 3 is its socket.
    static bool started_by_supervisor();

    const Hello& hello() const;

    /// Waits for work. Empty: Stop was received or the supervisor is gone; leave with exit code 0.
    std::optional<Assign> next();

    /// True once Stop was received or the supervisor is gone. Does not wait; call it between
    /// batches.
    bool stop_requested();

    /// True once the user took this unit out of the sweep: answer Failed{Cancelled} and go on with
    /// next(). Does not wait.
    bool cancel_requested(const Assign& work);

    /// Throws ProtocolError when the supervisor is gone.
    void send(const FromWorkerMessage& message);

    /// Called after every batch of work: shows that the process does not hang. Sends a Heartbeat at
    /// most every second. Never throws.
    void step() noexcept;
    /// Number of calls of `step`, for Progress::step.
    std::uint64_t steps() const noexcept;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace harrow::coordinator
