#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "coordinator/child_link.hpp"
#include "coordinator/descriptor.hpp"

namespace harrow::coordinator {

struct ChildSpec {
    std::string program;
    std::vector<std::string> arguments;    ///< without the program
    std::vector<std::string> environment;  ///< NAME=value
};

/// `parent` without what MPI launchers put there (a child must not take itself for a rank) and with
/// the slot's threads and devices; where it has one, cuBLAS is told to sum alike in every run.
/// Results depend on the number of threads, so it is always set.
std::vector<std::string> child_environment(const std::vector<std::string>& parent,
                                           int threads,
                                           const std::string& visible_devices);
/// This process's environment.
std::vector<std::string> process_environment();

struct ChildExit {
    pid_t pid = -1;
    int signal = 0;  ///< 0: it exited by itself
    int exit_code = 0;
    std::int64_t peak_rss_bytes = 0;
};
/// "killed by SIGSEGV", "exit code 3".
std::string to_string(const ChildExit& end);
/// "SIGSEGV"; "signal 99" for those without a name.
std::string signal_name(int number);

/// How long a killed child is waited for: it may wait for a disk, even for ever.
constexpr std::chrono::seconds kKilledChildLimit{10};

/// A running child. Destroying it kills and reaps it; one that does not end within
/// kKilledChildLimit is left behind.
class ChildProcess {
public:
    /// posix_spawn in this process group; descriptor 3 is the socket, stdin is /dev/null, stdout
    /// and stderr are one pipe, all others closed. Throws StorageError naming program and reason.
    explicit ChildProcess(const ChildSpec& spec);
    ~ChildProcess();
    ChildProcess(ChildProcess&&) noexcept;
    ChildProcess& operator=(ChildProcess&&) noexcept;

    pid_t pid() const { return pid_; }
    int socket() const { return socket_.get(); }  ///< non-blocking
    int output() const { return output_.get(); }  ///< non-blocking
    void close_output() { output_.reset(); }
    void kill() noexcept;
    /// Collects the child when it has ended; does not wait. Empty again after the first success.
    std::optional<ChildExit> try_reap() noexcept;
    /// Waits for it no more, whatever becomes of it.
    void leave_behind() noexcept { pid_ = -1; }

private:
    void end() noexcept;

    pid_t pid_ = -1;  ///< -1: reaped
    Descriptor socket_;
    Descriptor output_;
};

}  // namespace harrow::coordinator
