#include "coordinator/supervised_slot.hpp"

#include <algorithm>
#include <cerrno>
#include <thread>
#include <utility>

#include <sys/socket.h>
#include <unistd.h>

namespace harrow::coordinator {
namespace {

using namespace std::chrono_literals;

constexpr auto kReapInterval = 500ms;    // for children whose socket outlives them
constexpr auto kEndAfterClose = 1s;      // a child that closed its socket gets this long to end
constexpr std::size_t kMaxWaiting = 64;  // units queued at a slot

std::string seconds_text(std::chrono::milliseconds duration) {
    return duration % 1s == 0ms ? std::to_string(duration / 1s) + " s"
                                : std::to_string(duration.count()) + " ms";
}

}  // namespace

SupervisedSlot::SupervisedSlot(const SupervisorOptions& options, const SlotSpec& spec)
    : options_(options), spec_(spec) {}

void SupervisedSlot::start_child() {
    phase_ = Phase::Starting;
    decoder_ = FrameDecoder();
    outgoing_.clear();
    tail_.clear();
    kill_reason_.clear();
    socket_closed_.reset();
    last_step_ = 0;
    started_ = last_step_time_ = last_look_ = Clock::now();
    try {
        child_.emplace(ChildSpec{
            options_.worker_program,
            options_.worker_arguments,
            child_environment(process_environment(), spec_.threads, spec_.visible_devices)});
    } catch (const sweeps::StorageError& error) {
        quarantine(error.what());
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
               options_.resident_bytes});
}

void SupervisedSlot::assign(const Assign& work) {
    if (phase_ == Phase::Quarantined) {
        return;  // the coordinator has been told; it takes the unit elsewhere
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

void SupervisedSlot::start_next() {
    if (phase_ != Phase::Ready || !socket_open_ || current_ || waiting_.empty()) {
        return;
    }
    current_ = std::move(waiting_.front());
    waiting_.pop_front();
    last_step_time_ = Clock::now();
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
        note_step(heartbeat->step);
    } else if (const auto* progress = std::get_if<Progress>(&message)) {
        note_step(progress->step);
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
    deaths_before_ready_ = 0;
    messages_.emplace_back(ready);
    start_next();
}

void SupervisedSlot::handle_result(std::uint32_t unit, std::uint32_t attempt) {
    if (!current_ || current_->unit != unit || current_->attempt != attempt) {
        throw ProtocolError("the worker reported unit " + std::to_string(unit) + ", attempt " +
                            std::to_string(attempt) + ", which it does not hold");
    }
    current_.reset();
}

void SupervisedSlot::note_step(std::uint64_t step) {
    if (step > last_step_) {
        last_step_ = step;
        last_step_time_ = Clock::now();
    }
}

void SupervisedSlot::watch(Clock::time_point now) {
    if (!child_) {
        return;
    }
    if (socket_closed_ || now - last_look_ >= kReapInterval) {
        last_look_ = now;
        if (const std::optional<ChildExit> end = child_->try_reap()) {
            on_ended(*end);
            return;
        }
    }
    if (socket_closed_ && now - *socket_closed_ >= kEndAfterClose) {
        kill("closed its connection but did not end");
    } else if (phase_ == Phase::Starting && now - started_ >= options_.ready_limit) {
        kill("not ready after " + seconds_text(options_.ready_limit));
    } else if (current_ && now - last_step_time_ >= options_.hang_limit) {
        kill("hung: no step for " + seconds_text(options_.hang_limit));
    }
}

SupervisedSlot::Clock::time_point SupervisedSlot::next_deadline() const {
    if (!child_) {
        return Clock::time_point::max();
    }
    if (socket_closed_) {
        return Clock::now() + 2ms;  // the exit status follows the end of stream at once
    }
    Clock::time_point deadline = last_look_ + kReapInterval;
    if (phase_ == Phase::Starting) {
        deadline = std::min<Clock::time_point>(deadline, started_ + options_.ready_limit);
    }
    if (current_) {
        deadline = std::min<Clock::time_point>(deadline, last_step_time_ + options_.hang_limit);
    }
    return deadline;
}

void SupervisedSlot::on_ended(const ChildExit& end) {
    read_socket();  // what it said before it died still counts
    read_output();
    tail_.finish([this](std::string_view line) { emit_line(line); });
    socket_open_ = false;
    child_.reset();
    if (phase_ == Phase::Quarantined || stopping_) {
        return;
    }
    report_death(end);
    if (phase_ != Phase::Quarantined) {
        start_child();
    }
}

void SupervisedSlot::report_death(const ChildExit& end) {
    ChildLost lost;
    lost.unit = current_ ? current_->unit : 0;
    lost.attempt = current_ ? current_->attempt : 0;
    lost.signal = end.signal;
    lost.exit_code = end.exit_code;
    lost.reason = kill_reason_.empty() ? to_string(end) : kill_reason_;
    lost.stderr_tail = tail_.text();
    lost.peak_rss_bytes = end.peak_rss_bytes;
    current_.reset();
    const bool was_ready = phase_ == Phase::Ready;
    const std::string reason = lost.reason;
    messages_.emplace_back(std::move(lost));
    deaths_before_ready_ = was_ready ? 0 : deaths_before_ready_ + 1;
    if (deaths_before_ready_ >= options_.quarantine_after) {
        const std::string said = tail_.text();
        quarantine("its worker died " + std::to_string(deaths_before_ready_) +
                   " times before it was ready (" + reason + ")" +
                   (said.empty() ? "" : "; it said:\n" + said));
    }
}

void SupervisedSlot::quarantine(const std::string& reason) {
    phase_ = Phase::Quarantined;
    current_.reset();
    waiting_.clear();
    messages_.emplace_back(Quarantined{"slot " + spec_.name + ": " + reason});
}

void SupervisedSlot::request_stop() {
    stopping_ = true;
    waiting_.clear();
    if (socket_open_) {
        send(Stop{});
    }
}

void SupervisedSlot::kill(const std::string& reason) {
    if (child_) {
        kill_reason_ = kill_reason_.empty() ? reason : kill_reason_;
        child_->kill();
    }
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
