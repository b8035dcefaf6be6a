#include "coordinator/supervised_slot.hpp"

#include <algorithm>
#include <cerrno>
#include <thread>
#include <utility>

#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

namespace harrow::coordinator {
namespace {

using namespace std::chrono_literals;

constexpr auto kReapInterval = 500ms;    // for children whose socket outlives them
constexpr auto kEndAfterClose = 1s;      // a child that closed its socket gets this long to end
constexpr auto kKilledInterval = 100ms;  // between two looks at a killed child
constexpr std::size_t kMaxWaiting = 64;  // units queued at a slot

}  // namespace

SupervisedSlot::SupervisedSlot(const SupervisorOptions& options,
                               const SlotSpec& spec,
                               KernelMemoryKills& memory_kills)
    : options_(options), spec_(spec), memory_kills_(memory_kills), limits_(options) {}

void SupervisedSlot::start_child() {
    phase_ = Phase::Starting;
    decoder_ = FrameDecoder();
    outgoing_.clear();
    tail_.clear();
    breach_.reset();
    cancelling_ = false;
    socket_closed_.reset();
    killed_at_.reset();
    start_again_at_.reset();
    last_look_ = Clock::now();
    limits_.child_started(last_look_);
    try {
        child_.emplace(ChildSpec{
            options_.worker_program,
            options_.worker_arguments,
            child_environment(process_environment(), spec_.threads, spec_.visible_devices)});
    } catch (const sweeps::StorageError& error) {
        note_failed_start(error.what());
        return;
    }
    socket_open_ = true;
    send(Hello{kProtocolVersion,
               options_.build_id,
               spec_.name,
               options_.cache_root,
               spec_.threads,
               spec_.device,
               decode_threads_of(spec_, options_.slots.size(), std::thread::hardware_concurrency()),
               resident_share(spec_, options_.resident_bytes)});
}

// Too many processes or open files, too little memory: that may pass.
void SupervisedSlot::note_failed_start(const std::string& reason) {
    if (++deaths_before_ready_ >= options_.quarantine_after) {
        quarantine(reason + " (" + std::to_string(deaths_before_ready_) + " starts failed)");
    } else {
        start_again_at_ = Clock::now() + options_.start_pause;
    }
}

void SupervisedSlot::assign(const Assign& work) {
    if (phase_ == Phase::Quarantined) {
        return;  // the coordinator has been told; it takes the unit elsewhere
    }
    if (stopping_) {
        messages_.emplace_back(Returned{work.unit, work.attempt});
        return;
    }
    if (waiting_.size() >= kMaxWaiting) {
        throw ProtocolError("more than " + std::to_string(kMaxWaiting) +
                            " units were queued at slot " + spec_.name);
    }
    waiting_.push_back(work);
    start_next();
}

void SupervisedSlot::withdraw(std::uint32_t unit, std::uint32_t attempt) {
    const auto found = std::find_if(waiting_.begin(), waiting_.end(), [&](const Assign& work) {
        return work.unit == unit && work.attempt == attempt;
    });
    if (found != waiting_.end()) {
        waiting_.erase(found);
        messages_.emplace_back(Returned{unit, attempt});
    }
}

// What waits has not begun; what runs is for the child to end, and it may finish first.
void SupervisedSlot::cancel(const Cancel& request) {
    const auto found = std::find_if(waiting_.begin(), waiting_.end(), [&](const Assign& work) {
        return work.unit == request.unit && work.attempt == request.attempt;
    });
    if (found != waiting_.end()) {
        waiting_.erase(found);
        messages_.emplace_back(
            Failed{request.unit, request.attempt, FailureKind::Cancelled, "cancelled"});
    } else if (current_ && current_->unit == request.unit && current_->attempt == request.attempt &&
               socket_open_) {
        cancelling_ = true;
        limits_.cancel_asked(Clock::now());
        send(request);
    }
}

void SupervisedSlot::start_next() {
    if (phase_ != Phase::Ready || !socket_open_ || killed_at_ || current_ || waiting_.empty()) {
        return;
    }
    current_ = std::move(waiting_.front());
    waiting_.pop_front();
    limits_.unit_started(Clock::now());
    send(*current_);
    messages_.emplace_back(Started{current_->unit, current_->attempt});
}

void SupervisedSlot::send(const ToWorkerMessage& message) {
    outgoing_ += encode(message);
    write_socket();
}

void SupervisedSlot::write_socket() {
    while (wants_to_write()) {
        const ssize_t count =
            ::send(child_->socket(), outgoing_.data(), outgoing_.size(), MSG_NOSIGNAL);
        if (count > 0) {
            outgoing_.erase(0, static_cast<std::size_t>(count));
        } else if (errno == EINTR) {
            continue;
        } else {
            if (errno != EAGAIN && errno != EWOULDBLOCK) {
                outgoing_.clear();  // the child is gone; reading will show it
            }
            return;
        }
    }
}

void SupervisedSlot::read_socket() {
    char bytes[65536];
    while (socket_open_) {
        const ssize_t count = ::recv(child_->socket(), bytes, sizeof(bytes), 0);
        if (count > 0) {
            decoder_.feed({bytes, static_cast<std::size_t>(count)});
            try {
                while (const std::optional<Frame> frame = decoder_.next()) {
                    handle(decode_from_worker(*frame));
                }
            } catch (const ProtocolError& error) {
                kill(error.what());
                socket_open_ = false;
            }
        } else if (count < 0 && errno == EINTR) {
            continue;
        } else if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            return;
        } else {
            socket_open_ = false;
        }
    }
    socket_closed_ = socket_closed_.value_or(Clock::now());
}

void SupervisedSlot::read_output() {
    char bytes[16384];
    while (child_ && child_->output() >= 0) {
        const ssize_t count = ::read(child_->output(), bytes, sizeof(bytes));
        if (count > 0) {
            tail_.feed({bytes, static_cast<std::size_t>(count)},
                       [this](std::string_view line) { emit_line(line); });
        } else if (count < 0 && errno == EINTR) {
            continue;
        } else {
            if (count == 0) {
                child_->close_output();
            }
            return;
        }
    }
}

void SupervisedSlot::emit_line(std::string_view line) const {
    if (options_.log_sink) {
        options_.log_sink(spec_.name, current_ ? current_->key : std::string(), line);
    }
}

void SupervisedSlot::handle(FromWorkerMessage message) {
    if (const auto* ready = std::get_if<Ready>(&message)) {
        handle_ready(*ready);
        return;
    }
    if (phase_ != Phase::Ready) {
        throw ProtocolError("the worker spoke before it was ready");
    }
    if (const auto* heartbeat = std::get_if<Heartbeat>(&message)) {
        limits_.step(heartbeat->step, Clock::now());
    } else if (const auto* progress = std::get_if<Progress>(&message)) {
        limits_.step(progress->step, Clock::now());
        messages_.push_back(std::move(message));
    } else if (std::holds_alternative<Checkpointed>(message) ||
               std::holds_alternative<Resumed>(message)) {
        messages_.push_back(std::move(message));
    } else if (const auto* finished = std::get_if<Finished>(&message)) {
        handle_result(finished->unit, finished->attempt);
        messages_.push_back(std::move(message));
        start_next();
    } else if (auto* failed = std::get_if<Failed>(&message)) {
        handle_result(failed->unit, failed->attempt);
        failed->message = printable_utf8(failed->message);
        messages_.push_back(std::move(message));
        start_next();
    } else {
        throw ProtocolError("the worker sent a message that only supervisors send");
    }
}

void SupervisedSlot::handle_ready(const Ready& ready) {
    if (phase_ != Phase::Starting) {
        throw ProtocolError("the worker was ready twice");
    }
    if (ready.build_id != options_.build_id) {
        const std::string reason = "'" + options_.worker_program + "' is build " + ready.build_id +
                                   ", but harrow is build " + options_.build_id +
                                   "; install both from one build";
        kill(reason);
        quarantine(reason);
        return;
    }
    phase_ = Phase::Ready;
    limits_.child_ready();
    deaths_before_ready_ = 0;
    messages_.emplace_back(ready);
    start_next();
}

void SupervisedSlot::handle_result(std::uint32_t unit, std::uint32_t attempt) {
    if (!current_ || current_->unit != unit || current_->attempt != attempt) {
        throw ProtocolError("the worker reported unit " + std::to_string(unit) + ", attempt " +
                            std::to_string(attempt) + ", which it does not hold");
    }
    end_current();
}

void SupervisedSlot::end_current() {
    current_.reset();
    cancelling_ = false;
    limits_.unit_ended();
}

void SupervisedSlot::watch(Clock::time_point now) {
    if (!child_) {
        if (start_again_at_ && now >= *start_again_at_ && !stopping_) {
            start_child();
        }
        return;
    }
    if (socket_closed_ || killed_at_ || now - last_look_ >= kReapInterval) {
        last_look_ = now;
        if (const std::optional<ChildExit> end = child_->try_reap()) {
            on_ended(*end);
            return;
        }
    }
    if (killed_at_) {
        if (now - *killed_at_ >= options_.unkillable_limit) {
            leave_child_behind(now);
        }
    } else if (socket_closed_ && now - *socket_closed_ >= kEndAfterClose) {
        kill("closed its connection but did not end");
    } else if (const std::optional<Breach> breach = limits_.check(child_->pid(), now)) {
        breach_ = breach_ ? breach_ : breach;
        kill_child();
    }
}

SupervisedSlot::Clock::time_point SupervisedSlot::next_deadline() const {
    if (!child_) {
        return start_again_at_ && !stopping_ ? *start_again_at_ : Clock::time_point::max();
    }
    const Clock::time_point now = Clock::now();
    if (socket_closed_ && now - *socket_closed_ < kEndAfterClose) {
        return now + 2ms;  // the exit status follows the end of stream at once
    }
    if (socket_closed_ || killed_at_) {
        return now + kKilledInterval;
    }
    return std::min<Clock::time_point>(last_look_ + kReapInterval, limits_.next_deadline());
}

void SupervisedSlot::quarantine(const std::string& reason) {
    phase_ = Phase::Quarantined;
    end_current();
    waiting_.clear();
    messages_.emplace_back(Quarantined{"slot " + spec_.name + ": " + reason});
}

void SupervisedSlot::request_stop() {
    if (std::exchange(stopping_, true)) {
        return;
    }
    for (const Assign& work : std::exchange(waiting_, {})) {
        messages_.emplace_back(Returned{work.unit, work.attempt});
    }
    if (socket_open_) {
        send(Stop{});
    }
}

void SupervisedSlot::kill(const std::string& reason) {
    if (child_) {
        breach_ = breach_ ? breach_ : Breach{reason};
        kill_child();
    }
}

void SupervisedSlot::kill_child() {
    killed_at_ = killed_at_.value_or(Clock::now());
    child_->kill();
}

bool SupervisedSlot::reap() {
    if (!child_) {
        return true;
    }
    read_output();
    const std::optional<ChildExit> end = child_->try_reap();
    if (end) {
        on_ended(*end);
    }
    return end.has_value();
}

std::vector<FromWorkerMessage> SupervisedSlot::take_messages() {
    return std::exchange(messages_, {});
}

}  // namespace harrow::coordinator
