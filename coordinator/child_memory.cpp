#include "coordinator/child_memory.hpp"

#include <cerrno>
#include <fstream>
#include <sstream>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

namespace harrow::coordinator {
namespace {

using namespace std::chrono_literals;

constexpr auto kAttributable = 5s;  // from the kernel's kill to the supervisor's notice of a death

std::optional<std::uint64_t> read_counter(const std::string& file) {
    std::ifstream stream(file);
    std::string name;
    std::uint64_t value = 0;
    while (stream >> name >> value) {
        if (name == "oom_kill") {
            return value;
        }
    }
    return std::nullopt;
}

// The files that may count this process's control group, from /proc/self/cgroup: "0::/path" is
// version 2, "7:memory:/path" version 1. Inside a container the path may be the host's; then the
// group is mounted at the root.
std::vector<std::string> counter_files() {
    std::vector<std::string> files;
    std::ifstream groups("/proc/self/cgroup");
    std::string line;
    while (std::getline(groups, line)) {
        std::istringstream parts(line);
        std::string number;
        std::string controllers;
        std::string path;
        std::getline(parts, number, ':');
        std::getline(parts, controllers, ':');
        std::getline(parts, path);
        if (controllers.empty()) {
            files.push_back("/sys/fs/cgroup" + path + "/memory.events");
            files.emplace_back("/sys/fs/cgroup/memory.events");
        } else if (("," + controllers + ",").find(",memory,") != std::string::npos) {
            files.push_back("/sys/fs/cgroup/memory" + path + "/memory.oom_control");
            files.emplace_back("/sys/fs/cgroup/memory/memory.oom_control");
        }
    }
    return files;
}

std::string own_counter() {
    for (const std::string& file : counter_files()) {
        if (read_counter(file)) {
            return file;
        }
    }
    return {};
}

}  // namespace

std::int64_t resident_bytes(pid_t process) {
    std::ifstream statm("/proc/" + std::to_string(process) + "/statm");
    std::int64_t size = 0;
    std::int64_t resident = 0;
    statm >> size >> resident;
    return statm ? resident * ::sysconf(_SC_PAGESIZE) : 0;
}

KernelMemoryKills::KernelMemoryKills() : KernelMemoryKills(own_counter()) {
    log_.reset(::open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    if (log_.get() >= 0) {
        ::lseek(log_.get(), 0, SEEK_END);
    }
}

KernelMemoryKills::KernelMemoryKills(std::string counter) : counter_(std::move(counter)) {
    if (!counter_.empty()) {
        seen_ = read_counter(counter_);
    }
}

void KernelMemoryKills::look(Clock::time_point now) {
    if (unexplained_ > 0 && now - grown_ > kAttributable) {
        unexplained_ = 0;
    }
    const std::optional<std::uint64_t> count =
        counter_.empty() ? std::nullopt : read_counter(counter_);
    if (count && seen_ && *count > *seen_) {
        unexplained_ += *count - *seen_;
        grown_ = now;
    }
    seen_ = count ? count : seen_;
}

bool KernelMemoryKills::killed(pid_t process, Clock::time_point now) {
    look(now);
    const bool named = log_names(process);
    if (unexplained_ > 0) {
        --unexplained_;
        return true;
    }
    return named;
}

// One read() returns one record: "…;Killed process 123 (harrow-worker) total-vm:…".
bool KernelMemoryKills::log_names(pid_t process) {
    const std::string wanted = "Killed process " + std::to_string(process) + " ";
    bool found = false;
    char record[8192];
    while (log_.get() >= 0) {
        const ssize_t count = ::read(log_.get(), record, sizeof(record));
        if (count <= 0 && errno != EPIPE) {  // EPIPE: records were overwritten; the next is there
            break;
        }
        found = found ||
                (count > 0 && std::string(record, static_cast<std::size_t>(count)).find(wanted) !=
                                  std::string::npos);
    }
    return found;
}

}  // namespace harrow::coordinator
