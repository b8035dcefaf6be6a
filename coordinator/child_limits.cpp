#include "coordinator/child_limits.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "coordinator/child_memory.hpp"

namespace harrow::coordinator {
namespace {

using namespace std::chrono_literals;

std::string mebibytes(std::int64_t bytes) {
    return std::to_string(bytes / (std::int64_t{1} << 20)) + " MiB";
}

}  // namespace

std::string seconds_text(std::chrono::milliseconds duration) {
    return duration % 1s == 0ms ? std::to_string(duration / 1s) + " s"
                                : std::to_string(duration.count()) + " ms";
}

void ChildLimits::child_started(Clock::time_point now) {
    starting_ = true;
    working_ = false;
    cancel_asked_.reset();
    last_step_ = 0;
    restart(now);
    last_memory_look_ = now;
}

void ChildLimits::unit_started(Clock::time_point now) {
    working_ = true;
    last_step_time_ = now;
}

void ChildLimits::unit_ended() {
    working_ = false;
    cancel_asked_.reset();
}

void ChildLimits::step(std::uint64_t step, Clock::time_point now) {
    if (step > last_step_) {
        last_step_ = step;
        last_step_time_ = now;
    }
}

void ChildLimits::cancel_asked(Clock::time_point now) {
    cancel_asked_ = cancel_asked_.value_or(now);
}

void ChildLimits::restart(Clock::time_point now) {
    started_ = last_step_time_ = now;
    if (cancel_asked_) {
        cancel_asked_ = now;
    }
}

std::optional<Breach> ChildLimits::check(pid_t child, Clock::time_point now) {
    if (starting_ && now - started_ >= options_.ready_limit) {
        return Breach{"not ready after " + seconds_text(options_.ready_limit)};
    }
    if (working_ && now - last_step_time_ >= options_.hang_limit) {
        return Breach{"hung: no step for " + seconds_text(options_.hang_limit)};
    }
    if (cancel_asked_ && now - *cancel_asked_ >= options_.cancel_limit) {
        return Breach{"did not end the cancelled unit within " +
                      seconds_text(options_.cancel_limit)};
    }
    if (options_.max_rss_bytes > 0 && now - last_memory_look_ >= options_.memory_interval) {
        last_memory_look_ = now;
        const std::int64_t resident = resident_bytes(child);
        if (resident > options_.max_rss_bytes) {
            return Breach{"used " + mebibytes(resident) + " of memory where --max-rss allows " +
                              mebibytes(options_.max_rss_bytes),
                          true};
        }
    }
    return std::nullopt;
}

ChildLimits::Clock::time_point ChildLimits::next_deadline() const {
    Clock::time_point deadline = Clock::time_point::max();
    if (starting_) {
        deadline = std::min<Clock::time_point>(deadline, started_ + options_.ready_limit);
    }
    if (working_) {
        deadline = std::min<Clock::time_point>(deadline, last_step_time_ + options_.hang_limit);
    }
    if (cancel_asked_) {
        deadline = std::min<Clock::time_point>(deadline, *cancel_asked_ + options_.cancel_limit);
    }
    if (options_.max_rss_bytes > 0) {
        deadline =
            std::min<Clock::time_point>(deadline, last_memory_look_ + options_.memory_interval);
    }
    return deadline;
}

}  // namespace harrow::coordinator
