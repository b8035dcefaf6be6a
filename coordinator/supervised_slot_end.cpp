// What becomes of a slot whose child has ended, or will not end.
#include <string>
#include <utility>

#include <signal.h>

#include "coordinator/supervised_slot.hpp"

namespace harrow::coordinator {

using namespace std::chrono_literals;

void SupervisedSlot::on_ended(const ChildExit& end) {
    read_socket();  // what it said before it died still counts
    read_output();
    tail_.finish([this](std::string_view line) { emit_line(line); });
    socket_open_ = false;
    child_.reset();
    if (phase_ == Phase::Quarantined || (stopping_ && !current_)) {
        return;
    }
    if (stopping_ && end.signal == 0 && end.exit_code == 0) {  // it was told so before it began
        messages_.emplace_back(
            Failed{current_->unit, current_->attempt, FailureKind::Stopped, "stopped"});
        end_current();
        return;
    }
    report_death(end);
    if (phase_ != Phase::Quarantined && !stopping_) {
        start_child();
    }
}

void SupervisedSlot::leave_child_behind(Clock::time_point now) {
    if (!child_) {
        return;
    }
    const auto waited =
        std::chrono::duration_cast<std::chrono::milliseconds>(now - killed_at_.value_or(now));
    const std::string pid = std::to_string(child_->pid());
    const std::string reason = (breach_ ? breach_->reason + "; " : "") + "its process " + pid +
                               " has not ended " + seconds_text(waited / 1s * 1s) +
                               " after SIGKILL (does it wait for a disk or a device?)";
    breach_ = Breach{reason, breach_ && breach_->out_of_memory};
    ChildExit end;
    end.pid = child_->pid();
    end.signal = SIGKILL;
    read_output();
    tail_.finish([this](std::string_view line) { emit_line(line); });
    socket_open_ = false;
    child_->leave_behind();
    child_.reset();
    if (phase_ == Phase::Quarantined || (stopping_ && !current_)) {
        return;
    }
    report_death(end);
    if (phase_ != Phase::Quarantined) {
        quarantine(reason);
    }
}

void SupervisedSlot::report_death(const ChildExit& end) {
    ChildLost lost;
    lost.unit = current_ ? current_->unit : 0;
    lost.attempt = current_ ? current_->attempt : 0;
    lost.signal = end.signal;
    lost.exit_code = end.exit_code;
    lost.reason = breach_ ? breach_->reason : to_string(end);
    lost.stderr_tail = tail_.text();
    lost.peak_rss_bytes = end.peak_rss_bytes;
    lost.out_of_memory = breach_ && breach_->out_of_memory ? 1 : 0;
    if (!breach_ && end.signal == SIGKILL && memory_kills_.killed(end.pid, Clock::now())) {
        lost.out_of_memory = 1;
        lost.reason += " by the kernel, because memory ran out";
    }
    if (cancelling_) {  // it was to end this unit anyway
        messages_.emplace_back(
            Failed{lost.unit, lost.attempt, FailureKind::Cancelled, lost.reason});
        lost.unit = lost.attempt = 0;
    }
    end_current();
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

}  // namespace harrow::coordinator
