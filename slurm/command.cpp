#include "slurm/command.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "storage/files.hpp"
#include "sweeps/error.hpp"

extern char** environ;

namespace harrow::slurm {
namespace {

using Clock = std::chrono::steady_clock;
using storage::FileDescriptor;

constexpr std::size_t kMaxOutput = 1 << 20;
constexpr auto kLook = std::chrono::milliseconds(20);

struct Pipe {
    FileDescriptor read;
    FileDescriptor write;
};

Pipe make_pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) {
        throw sweeps::StorageError(std::string("cannot make a pipe: ") + std::strerror(errno));
    }
    ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
    return {FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> result;
    for (std::string& text : texts) {
        result.push_back(text.data());
    }
    result.push_back(nullptr);
    return result;
}

/// Starts the program in a process group of its own. Answers errno, 0 for success.
int start(std::vector<std::string> words,
          std::vector<std::string> environment,
          int output,
          int error,
          pid_t* pid) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, error, STDERR_FILENO);
    posix_spawnattr_setpgroup(&attributes, 0);
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
    const int failure = posix_spawnp(pid,
                                     words.front().c_str(),
                                     &actions,
                                     &attributes,
                                     pointers(words).data(),
                                     pointers(environment).data());
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return failure;
}

void read_available(int descriptor, std::string& text) {
    char bytes[4096];
    ssize_t count = 0;
    while ((count = ::read(descriptor, bytes, sizeof bytes)) > 0 || (count < 0 && errno == EINTR)) {
        const std::size_t room = kMaxOutput - std::min(text.size(), kMaxOutput);
        text.append(bytes, std::min(static_cast<std::size_t>(std::max<ssize_t>(count, 0)), room));
    }
}

std::string trimmed(const std::string& text) {
    const std::size_t begin = text.find_first_not_of(" \r\n\t");
    const std::size_t end = text.find_last_not_of(" \r\n\t");
    return end == std::string::npos ? "" : text.substr(begin, end + 1 - begin);
}

}  // namespace

CommandResult run_command(const std::vector<std::string>& words,
                          std::chrono::milliseconds limit,
                          const std::vector<std::string>& environment,
                          const std::function<bool()>& is_unwanted) {
    CommandResult result;
    Pipe output = make_pipe();
    Pipe error = make_pipe();
    pid_t pid = -1;
    if (const int failure =
            start(words, environment, output.write.get(), error.write.get(), &pid)) {
        result.error = std::strerror(failure);
        return result;
    }
    result.started = true;
    output.write.reset();
    error.write.reset();
    const auto deadline = Clock::now() + limit;
    int status = 0;
    bool ended = false;
    while (!ended && Clock::now() < deadline && !(is_unwanted && is_unwanted())) {
        std::array<pollfd, 2> polled = {
            {{output.read.get(), POLLIN, 0}, {error.read.get(), POLLIN, 0}}};
        ::poll(polled.data(), polled.size(), static_cast<int>(kLook.count()));
        read_available(output.read.get(), result.output);
        read_available(error.read.get(), result.error);
        if (((polled[0].revents | polled[1].revents) & POLLHUP) != 0) {
            ::usleep(1000);  // its end follows
        }
        ended = ::waitpid(pid, &status, WNOHANG) == pid;
    }
    if (!ended) {
        result.timed_out = true;
        ::kill(-pid, SIGKILL);
        while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
        }
    }
    read_available(output.read.get(), result.output);
    read_available(error.read.get(), result.error);
    result.exit_code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    return result;
}

std::vector<std::string> outside_environment() {
    constexpr std::array<std::string_view, 5> dropped = {
        "SLURM_", "SLURMD_", "PMIX_", "OMPI_COMM_WORLD_", "PMI_"};
    constexpr std::array<std::string_view, 4> kept = {
        "SLURM_CONF=", "SLURM_CONF_SERVER=", "SLURM_CLUSTERS=", "SLURM_JWT="};
    std::vector<std::string> result;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view text = *entry;
        const auto begins = [&](std::string_view name) {
            return text.substr(0, name.size()) == name;
        };
        if (std::none_of(dropped.begin(), dropped.end(), begins) ||
            std::any_of(kept.begin(), kept.end(), begins)) {
            result.emplace_back(text);
        }
    }
    return result;
}

std::string command_problem(const std::string& program, const CommandResult& result) {
    if (!result.started) {
        return program + " cannot be started (" + result.error +
               "): Slurm is not installed here, or not in PATH";
    }
    if (result.timed_out) {
        return program + " did not answer in time; is the cluster's controller up?";
    }
    if (result.exit_code != 0) {
        const std::string said = trimmed(result.error.empty() ? result.output : result.error);
        // What follows the first line is the same in other words, or advice.
        return program + " failed with exit code " + std::to_string(result.exit_code) +
               (said.empty() ? "" : ": " + said.substr(0, said.find('\n')));
    }
    return "";
}

}  // namespace harrow::slurm
