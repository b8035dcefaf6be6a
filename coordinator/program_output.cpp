#include "coordinator/program_output.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <sstream>

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

namespace harrow::coordinator {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr std::size_t kMaxOutput = 1 << 20;
constexpr auto kLook = 20ms;

void read_available(const ChildProcess& child, std::string& output) {
    char bytes[4096];
    ssize_t count = 0;
    while ((count = ::read(child.output(), bytes, sizeof(bytes))) > 0 ||
           (count < 0 && errno == EINTR)) {
        const std::size_t room = kMaxOutput - std::min(output.size(), kMaxOutput);
        output.append(bytes, std::min(static_cast<std::size_t>(std::max<ssize_t>(count, 0)), room));
    }
}

bool is_executable_file(const std::string& path) {
    struct stat found = {};
    return ::stat(path.c_str(), &found) == 0 && S_ISREG(found.st_mode) &&
           ::access(path.c_str(), X_OK) == 0;
}

}  // namespace

ProgramOutput run_for_output(const ChildSpec& program, std::chrono::milliseconds limit) {
    ChildProcess child(program);
    ProgramOutput collected;
    const Clock::time_point deadline = Clock::now() + limit;
    while (!collected.end && Clock::now() < deadline) {
        pollfd polled = {child.output(), POLLIN, 0};
        ::poll(&polled, 1, static_cast<int>(kLook / 1ms));
        if ((polled.revents & POLLIN) == 0 && (polled.revents & POLLHUP) != 0) {
            ::usleep(1000);  // closed its output; the exit follows
        }
        collected.end = child.try_reap();
        read_available(child, collected.output);
    }
    return collected;
}

std::string find_program(const std::string& name) {
    const char* path = std::getenv("PATH");
    std::istringstream folders(path != nullptr ? path : "");
    for (std::string folder; std::getline(folders, folder, ':');) {
        const std::string candidate = (folder.empty() ? "." : folder) + "/" + name;
        if (is_executable_file(candidate)) {
            return candidate;
        }
    }
    return "";
}

}  // namespace harrow::coordinator
