#include "coordinator/child_link.hpp"

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <mutex>
#include <string>

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "coordinator/wire.hpp"

namespace harrow::coordinator {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::int64_t kHeartbeatNs = 1'000'000'000;

bool is_socket(int descriptor) {
    struct stat status = {};
    return ::fstat(descriptor, &status) == 0 && S_ISSOCK(status.st_mode);
}

// The supervisor started this process with these signals blocked, so that none is lost to the
// default action before they are ignored here.
void obey_the_protocol_only() {
    sigset_t signals;
    sigemptyset(&signals);
    for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGPIPE}) {
        ::signal(number, SIG_IGN);
        sigaddset(&signals, number);
    }
    sigprocmask(SIG_UNBLOCK, &signals, nullptr);
}

void die_with_parent() {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const char* parent = std::getenv(kSupervisorPidVariable);
    if (parent == nullptr || std::strtol(parent, nullptr, 10) != ::getppid()) {
        std::_Exit(0);  // the supervisor died before the request above was in force
    }
}

std::int64_t now_ns() {
    return std::chrono::nanoseconds(Clock::now().time_since_epoch()).count();
}

}  // namespace

struct ChildLink::State {
    Hello hello;
    FrameDecoder decoder;
    std::deque<Assign> waiting;
    bool stopped = false;
    std::optional<Cancel> cancelled;
    std::mutex send_mutex;
    std::atomic<std::uint64_t> steps{0};
    std::atomic<std::int64_t> last_heartbeat_ns{0};

    // Reads what has arrived, or waits for at least one byte. Sets `stopped` at the end of stream.
    void receive(bool wait) {
        char bytes[16384];
        const ssize_t count =
            ::recv(kChildDescriptor, bytes, sizeof(bytes), wait ? 0 : MSG_DONTWAIT);
        if (count > 0) {
            decoder.feed({bytes, static_cast<std::size_t>(count)});
        } else if (count == 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)) {
            stopped = true;
        }
    }

    void handle_frames() {
        while (const std::optional<Frame> frame = decoder.next()) {
            ToWorkerMessage message = decode_to_worker(*frame);
            if (std::holds_alternative<Stop>(message)) {
                stopped = true;
            } else if (const auto* cancel = std::get_if<Cancel>(&message)) {
                cancelled = *cancel;
            } else if (auto* assign = std::get_if<Assign>(&message)) {
                waiting.push_back(std::move(*assign));
            } else {
                throw ProtocolError("the supervisor sent a message of type " +
                                    std::to_string(frame->type) + ", which is not for a worker");
            }
        }
    }

    Hello receive_hello() {
        while (!stopped) {
            if (const std::optional<Frame> frame = decoder.next()) {
                const ToWorkerMessage message = decode_to_worker(*frame);
                if (const auto* greeting = std::get_if<Hello>(&message)) {
                    return *greeting;
                }
                throw ProtocolError("the supervisor's first message is not Hello");
            }
            receive(true);
        }
        throw ProtocolError("the supervisor closed the connection before Hello");
    }
};

bool ChildLink::started_by_supervisor() {
    return std::getenv(kSupervisorPidVariable) != nullptr && is_socket(kChildDescriptor);
}

ChildLink::ChildLink() : state_(std::make_unique<State>()) {
    if (!started_by_supervisor()) {
        throw sweeps::UsageError(
            "harrow-worker is started by `harrow run`, not by hand: descriptor 3 is not the socket "
            "of a supervisor");
    }
    die_with_parent();
    obey_the_protocol_only();
    state_->hello = state_->receive_hello();
    if (state_->hello.protocol != kProtocolVersion) {
        throw ProtocolError("the supervisor speaks protocol version " +
                            std::to_string(state_->hello.protocol) + ", this worker version " +
                            std::to_string(kProtocolVersion));
    }
}

ChildLink::~ChildLink() = default;

const Hello& ChildLink::hello() const {
    return state_->hello;
}

std::optional<Assign> ChildLink::next() {
    state_->handle_frames();
    while (!state_->stopped && state_->waiting.empty()) {
        state_->receive(true);
        state_->handle_frames();
    }
    if (state_->stopped) {
        return std::nullopt;
    }
    Assign work = std::move(state_->waiting.front());
    state_->waiting.pop_front();
    return work;
}

bool ChildLink::stop_requested() {
    if (!state_->stopped) {
        state_->receive(false);
        state_->handle_frames();
    }
    return state_->stopped;
}

bool ChildLink::cancel_requested(const Assign& work) {
    stop_requested();  // reads what has arrived
    return state_->cancelled && state_->cancelled->unit == work.unit &&
           state_->cancelled->attempt == work.attempt;
}

void ChildLink::send(const FromWorkerMessage& message) {
    const std::string frame = encode(message);
    const std::lock_guard<std::mutex> lock(state_->send_mutex);
    std::string_view rest = frame;
    while (!rest.empty()) {
        const ssize_t count = ::send(kChildDescriptor, rest.data(), rest.size(), MSG_NOSIGNAL);
        if (count >= 0) {
            rest.remove_prefix(static_cast<std::size_t>(count));
        } else if (errno != EINTR) {
            throw ProtocolError(std::string("the supervisor is gone: ") + std::strerror(errno));
        }
    }
}

void ChildLink::step() noexcept {
    const std::uint64_t steps = ++state_->steps;
    const std::int64_t now = now_ns();
    std::int64_t last = state_->last_heartbeat_ns.load();
    if (now - last < kHeartbeatNs ||
        !state_->last_heartbeat_ns.compare_exchange_strong(last, now)) {
        return;
    }
    try {
        send(Heartbeat{steps});
    } catch (const std::exception&) {
        // A lost supervisor is noticed by the next message that matters.
    }
}

std::uint64_t ChildLink::steps() const noexcept {
    return state_->steps.load();
}

}  // namespace harrow::coordinator
