#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "coordinator/child_limits.hpp"
#include "coordinator/child_memory.hpp"
#include "coordinator/child_process.hpp"
#include "coordinator/output_tail.hpp"
#include "coordinator/supervisor.hpp"
#include "coordinator/wire.hpp"

namespace harrow::coordinator {

/// One slot: its child, what the child works on and what waits. Private to the supervisor, which
/// polls the descriptors and calls the handlers.
class SupervisedSlot {
public:
    using Clock = std::chrono::steady_clock;

    /// All must outlive this object.
    SupervisedSlot(const SupervisorOptions& options,
                   const SlotSpec& spec,
                   KernelMemoryKills& memory_kills);

    void start_child();
    void assign(const Assign& work);
    void withdraw(std::uint32_t unit, std::uint32_t attempt);
    void cancel(const Cancel& request);

    bool has_child() const { return child_.has_value(); }
    int socket() const { return socket_open_ ? child_->socket() : -1; }
    int output() const { return child_->output(); }
    bool wants_to_write() const { return socket_open_ && !outgoing_.empty(); }

    void read_socket();
    void read_output();
    void write_socket();

    /// Kills a child that breaks a limit; replaces one that has ended.
    void watch(Clock::time_point now);
    /// The supervisor itself stood still: the child's limits start anew.
    void restart_limits(Clock::time_point now) { limits_.restart(now); }
    /// When `watch` has something to do at the latest.
    Clock::time_point next_deadline() const;

    /// Tells the child to leave; it is not replaced. Waiting units come back.
    void request_stop();
    void kill(const std::string& reason);
    bool reap();
    /// Gives a killed child up that does not end (it waits for a disk or a device in the kernel),
    /// and its slot with it.
    void leave_child_behind(Clock::time_point now);

    /// Messages for the coordinator since the last call.
    std::vector<FromWorkerMessage> take_messages();

private:
    enum class Phase { Starting, Ready, Quarantined };

    void send(const ToWorkerMessage& message);
    void start_next();
    void handle(FromWorkerMessage message);
    void handle_ready(const Ready& ready);
    void handle_result(std::uint32_t unit, std::uint32_t attempt);
    void end_current();
    void kill_child();
    void on_ended(const ChildExit& end);
    void note_failed_start(const std::string& reason);
    void report_death(const ChildExit& end);
    void quarantine(const std::string& reason);
    void emit_line(std::string_view line) const;

    const SupervisorOptions& options_;
    const SlotSpec& spec_;
    KernelMemoryKills& memory_kills_;
    ChildLimits limits_;
    Phase phase_ = Phase::Starting;
    std::optional<ChildProcess> child_;
    bool socket_open_ = false;
    bool stopping_ = false;
    Clock::time_point last_look_;  ///< for a death that left the socket open
    std::optional<Clock::time_point> socket_closed_;
    std::optional<Clock::time_point> killed_at_;  ///< the first time
    std::optional<Clock::time_point> start_again_at_;
    int deaths_before_ready_ = 0;
    std::optional<Breach> breach_;  ///< why this supervisor killed the child
    bool cancelling_ = false;       ///< the unit in hand was cancelled
    FrameDecoder decoder_;
    std::string outgoing_;
    OutputTail tail_;
    std::optional<Assign> current_;
    std::deque<Assign> waiting_;
    std::vector<FromWorkerMessage> messages_;
};

}  // namespace harrow::coordinator
