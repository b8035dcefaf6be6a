#include "coordinator/child_process.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sweeps/error.hpp"

extern char** environ;

namespace harrow::coordinator {
namespace {

[[noreturn]] void fail(const std::string& what, int error) {
    throw sweeps::StorageError("starting a worker failed: " + what + ": " + std::strerror(error));
}

bool starts_with(std::string_view text, std::string_view prefix) {
    return text.substr(0, prefix.size()) == prefix;
}

// Attributes and file actions of one posix_spawn, freed with their scope.
class SpawnPlan {
public:
    SpawnPlan(int child_socket, int child_output) {
        posix_spawn_file_actions_init(&actions_);
        posix_spawnattr_init(&attributes_);
        posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        posix_spawn_file_actions_adddup2(&actions_, child_output, STDOUT_FILENO);
        posix_spawn_file_actions_adddup2(&actions_, child_output, STDERR_FILENO);
        posix_spawn_file_actions_adddup2(&actions_, child_socket, kChildDescriptor);
        posix_spawn_file_actions_addclosefrom_np(&actions_, kChildDescriptor + 1);
        sigset_t blocked;  // until the child ignores them itself
        sigemptyset(&blocked);
        for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGUSR1}) {
            sigaddset(&blocked, number);
        }
        sigset_t defaults;
        sigemptyset(&defaults);
        sigaddset(&defaults, SIGPIPE);
        posix_spawnattr_setsigmask(&attributes_, &blocked);
        posix_spawnattr_setsigdefault(&attributes_, &defaults);
        posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    }
    ~SpawnPlan() {
        posix_spawn_file_actions_destroy(&actions_);
        posix_spawnattr_destroy(&attributes_);
    }
    SpawnPlan(const SpawnPlan&) = delete;
    SpawnPlan& operator=(const SpawnPlan&) = delete;

    int spawn(pid_t* pid, const std::string& program, char** argv, char** envp) {
        return posix_spawn(pid, program.c_str(), &actions_, &attributes_, argv, envp);
    }

private:
    posix_spawn_file_actions_t actions_ = {};
    posix_spawnattr_t attributes_ = {};
};

std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> result;
    for (std::string& text : texts) {
        result.push_back(text.data());
    }
    result.push_back(nullptr);
    return result;
}

// A descriptor of the child's end must not be 0 … 3 itself, or the dup2 of another would close it.
Descriptor above_standard(int descriptor) {
    Descriptor low(descriptor);
    const int high = ::fcntl(descriptor, F_DUPFD_CLOEXEC, kChildDescriptor + 1);
    if (high < 0) {
        fail("fcntl", errno);
    }
    return Descriptor(high);
}

void make_nonblocking(int descriptor) {
    if (::fcntl(descriptor, F_SETFL, ::fcntl(descriptor, F_GETFL) | O_NONBLOCK) < 0) {
        fail("fcntl", errno);
    }
}

}  // namespace

std::vector<std::string> child_environment(const std::vector<std::string>& parent,
                                           int threads,
                                           const std::string& visible_devices) {
    constexpr std::array<std::string_view, 11> dropped = {"OMPI_",
                                                          "PMIX_",
                                                          "PMI_",
                                                          "PMI2_",
                                                          "ORTE_",
                                                          "OMP_NUM_THREADS=",
                                                          "OPENBLAS_NUM_THREADS=",
                                                          "OMP_WAIT_POLICY=",
                                                          "CUDA_VISIBLE_DEVICES=",
                                                          "CUBLAS_WORKSPACE_CONFIG=",
                                                          "HARROW_SUPERVISOR_PID="};
    std::vector<std::string> result;
    std::copy_if(
        parent.begin(), parent.end(), std::back_inserter(result), [&](const std::string& entry) {
            return std::none_of(dropped.begin(), dropped.end(), [&](std::string_view name) {
                return starts_with(entry, name);
            });
        });
    result.push_back("OMP_NUM_THREADS=" + std::to_string(threads));
    result.push_back("OPENBLAS_NUM_THREADS=" + std::to_string(threads));
    result.emplace_back("OMP_WAIT_POLICY=passive");
    result.push_back("CUDA_VISIBLE_DEVICES=" + visible_devices);
    if (!visible_devices.empty()) {
        result.emplace_back("CUBLAS_WORKSPACE_CONFIG=:4096:8");  // equal sums in every run
    }
    result.push_back(std::string(kSupervisorPidVariable) + "=" + std::to_string(::getpid()));
    return result;
}

std::vector<std::string> process_environment() {
    std::vector<std::string> result;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        result.emplace_back(*entry);
    }
    return result;
}

std::string signal_name(int number) {
    const char* abbreviation = ::sigabbrev_np(number);
    return abbreviation != nullptr ? std::string("SIG") + abbreviation
                                   : "signal " + std::to_string(number);
}

std::string to_string(const ChildExit& end) {
    return end.signal != 0 ? "killed by " + signal_name(end.signal)
                           : "exit code " + std::to_string(end.exit_code);
}

ChildProcess::ChildProcess(const ChildSpec& spec) {
    int sockets[2];
    int pipes[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0) {
        fail("socketpair", errno);
    }
    socket_.reset(sockets[0]);
    const Descriptor child_socket = above_standard(sockets[1]);
    if (::pipe2(pipes, O_CLOEXEC) != 0) {
        fail("pipe", errno);
    }
    output_.reset(pipes[0]);
    const Descriptor child_output = above_standard(pipes[1]);
    make_nonblocking(socket_.get());
    make_nonblocking(output_.get());

    std::vector<std::string> arguments = spec.arguments;
    arguments.insert(arguments.begin(), spec.program);
    std::vector<std::string> environment = spec.environment;
    const int error =
        SpawnPlan(child_socket.get(), child_output.get())
            .spawn(&pid_, spec.program, pointers(arguments).data(), pointers(environment).data());
    if (error != 0) {
        pid_ = -1;
        fail("'" + spec.program + "'", error);
    }
}

ChildProcess::~ChildProcess() {
    end();
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      socket_(std::move(other.socket_)),
      output_(std::move(other.output_)) {}

ChildProcess& ChildProcess::operator=(ChildProcess&& other) noexcept {
    if (this != &other) {
        end();
        pid_ = std::exchange(other.pid_, -1);
        socket_ = std::move(other.socket_);
        output_ = std::move(other.output_);
    }
    return *this;
}

void ChildProcess::end() noexcept {
    if (pid_ > 0) {
        kill();
        const auto deadline = std::chrono::steady_clock::now() + kKilledChildLimit;
        while (!try_reap() && std::chrono::steady_clock::now() < deadline) {
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        leave_behind();
    }
}

void ChildProcess::kill() noexcept {
    if (pid_ > 0) {
        ::kill(pid_, SIGKILL);
    }
}

std::optional<ChildExit> ChildProcess::try_reap() noexcept {
    int status = 0;
    struct rusage usage = {};
    if (pid_ <= 0 || ::wait4(pid_, &status, WNOHANG, &usage) != pid_) {
        return std::nullopt;
    }
    ChildExit end;
    end.pid = std::exchange(pid_, -1);
    end.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    end.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
    end.peak_rss_bytes = std::int64_t{usage.ru_maxrss} * 1024;
    return end;
}

}  // namespace harrow::coordinator
