#include "coordinator/run_end.hpp"

#include <algorithm>

namespace harrow::coordinator {
namespace {

using namespace std::chrono_literals;
using std::chrono::duration_cast;
using std::chrono::milliseconds;

constexpr milliseconds kLongestMargin = 60s;

}  // namespace

RunEnd::RunEnd(const RunLimits& limits, WallClock::time_point wall) : limits_(limits) {
    drain_ = limits.drain;
    if (limits.end_time) {
        const auto all = duration_cast<milliseconds>(*limits.end_time - wall);
        margin_ = std::clamp<milliseconds>(all / 10, 0ms, kLongestMargin);
        drain_ = std::clamp<milliseconds>(all / 2, 0ms, limits.drain);
    }
}

std::optional<milliseconds> RunEnd::work_time_left(WallClock::time_point wall) const {
    if (!limits_.end_time) {
        return std::nullopt;
    }
    return duration_cast<milliseconds>(*limits_.end_time - wall) - margin_;
}

RunEnd::Phase RunEnd::update(StopLevel asked, Clock::time_point now, WallClock::time_point wall) {
    if (asked == StopLevel::Now) {
        cause_ = StopCause::Now;
        phase_ = Phase::Leave;
        return phase_;
    }
    const std::optional<milliseconds> left = work_time_left(wall);
    if (phase_ == Phase::Run && (asked == StopLevel::Drain || (left && *left <= drain_))) {
        phase_ = Phase::Drain;
        cause_ = asked == StopLevel::Drain ? StopCause::Signal : StopCause::TimeLimit;
        drain_end_ =
            now + (left ? std::clamp<milliseconds>(*left, 0ms, limits_.drain) : limits_.drain);
    }
    if (phase_ == Phase::Drain && now >= drain_end_) {
        phase_ = Phase::StopChildren;
        stop_end_ = now + limits_.stop_grace;
    }
    if (phase_ == Phase::StopChildren && now >= stop_end_) {
        phase_ = Phase::Leave;
    }
    return phase_;
}

}  // namespace harrow::coordinator
