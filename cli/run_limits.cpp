#include "cli/run_limits.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <ctime>

#include "cli/signals.hpp"
#include "cli/work_units.hpp"

namespace harrow::cli {
namespace {

using sweeps::ExitCode;
using SystemClock = std::chrono::system_clock;

[[noreturn]] void no_moment(const std::string& text) {
    throw sweeps::UsageError("'" + text +
                             "' is no time; write +2h30m, 14:30, 2026-11-22T14:30 or "
                             "2026-11-22T13:30Z");
}

/// The clock counts nanoseconds in 64 bits, until 2262.
constexpr std::int64_t kLongestSeconds = std::int64_t{10} * 365 * 86400;

void refuse_beyond_limit(const std::string& text, std::int64_t seconds) {
    if (seconds > kLongestSeconds) {
        throw sweeps::UsageError("'" + text +
                                 "' is more than ten years (3650 days) from now; give an earlier "
                                 "time, or none for a run without an end");
    }
}

/// Seconds of "2h30m"; -1 when it is none.
std::int64_t parse_span(const std::string& text) {
    std::int64_t seconds = 0;
    const char* at = text.data();
    const char* const end = at + text.size();
    while (at != end) {
        std::int64_t number = 0;
        const auto parsed = std::from_chars(at, end, number);
        if (parsed.ec != std::errc() || parsed.ptr == end || number < 0 || number > 1'000'000) {
            return -1;
        }
        const char unit = *parsed.ptr;
        const std::int64_t factor = unit == 'd'   ? 86400
                                    : unit == 'h' ? 3600
                                    : unit == 'm' ? 60
                                    : unit == 's' ? 1
                                                  : 0;
        if (factor == 0) {
            return -1;
        }
        seconds = std::min(seconds + number * factor, kLongestSeconds + 1);
        at = parsed.ptr + 1;
    }
    return text.empty() ? -1 : seconds;
}

/// What strptime leaves over after one of the formats; nullptr when none fits.
const char* read_fields(const std::string& text, std::tm& fields, const char* with_seconds) {
    const std::string format(with_seconds);
    const char* rest = ::strptime(text.c_str(), with_seconds, &fields);
    if (rest == nullptr) {
        fields.tm_sec = 0;
        rest = ::strptime(text.c_str(), format.substr(0, format.size() - 3).c_str(), &fields);
    }
    return rest;
}

std::tm local_fields(SystemClock::time_point moment) {
    const std::time_t seconds = SystemClock::to_time_t(moment);
    std::tm fields{};
    ::localtime_r(&seconds, &fields);
    return fields;
}

SystemClock::time_point parse_clock(const std::string& text, SystemClock::time_point now) {
    std::tm fields = local_fields(now);
    const char* rest = read_fields(text, fields, "%H:%M:%S");
    if (rest == nullptr || *rest != '\0') {
        no_moment(text);
    }
    fields.tm_isdst = -1;
    std::tm tomorrow = fields;
    ++tomorrow.tm_mday;
    const auto today = SystemClock::from_time_t(std::mktime(&fields));
    return today > now ? today : SystemClock::from_time_t(std::mktime(&tomorrow));
}

/// Seconds since 1970.
std::int64_t parse_date(const std::string& text) {
    std::tm fields{};
    const char* rest = read_fields(text, fields, "%Y-%m-%dT%H:%M:%S");
    if (rest == nullptr) {
        no_moment(text);
    }
    const std::string zone(rest);
    if (zone == "Z") {
        return ::timegm(&fields);
    }
    if (!zone.empty()) {
        no_moment(text);
    }
    fields.tm_isdst = -1;
    return std::mktime(&fields);
}

std::chrono::milliseconds milliseconds_of(double seconds) {
    return std::chrono::milliseconds(std::llround(seconds * 1000.0));
}

}  // namespace

SystemClock::time_point parse_moment(const std::string& text, SystemClock::time_point now) {
    if (text.empty()) {
        no_moment(text);
    }
    if (text.front() == '+') {
        const std::int64_t seconds = parse_span(text.substr(1));
        if (seconds < 0) {
            no_moment(text);
        }
        refuse_beyond_limit(text, seconds);
        return now + std::chrono::seconds(seconds);
    }
    if (text.find('T') == std::string::npos) {
        return parse_clock(text, now);
    }
    const std::int64_t seconds = parse_date(text) - SystemClock::to_time_t(now);
    if (seconds <= 0) {
        throw sweeps::UsageError("'" + text + "' has passed, it is now " + moment_text(now, {}) +
                                 "; write +2h or a later time");
    }
    refuse_beyond_limit(text, seconds);
    return SystemClock::from_time_t(SystemClock::to_time_t(now) + seconds);
}

std::optional<SystemClock::time_point> end_time_of(const std::string& until,
                                                   const char* slurm_end,
                                                   SystemClock::time_point now) {
    std::optional<SystemClock::time_point> end;
    if (!until.empty()) {
        end = parse_moment(until, now);
    }
    std::int64_t seconds = 0;
    const std::string text = slurm_end != nullptr ? slurm_end : "";
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), seconds);
    // A job without limit ends in a year or never; anything that is no number is not Slurm's.
    if (!text.empty() && parsed.ec == std::errc() && parsed.ptr == text.data() + text.size() &&
        seconds > 0 && seconds < std::int64_t{1} << 33) {
        const auto job_end = SystemClock::from_time_t(static_cast<std::time_t>(seconds));
        end = end ? std::min(*end, job_end) : job_end;
    }
    return end;
}

std::string moment_text(SystemClock::time_point moment, SystemClock::time_point now) {
    const std::tm fields = local_fields(moment);
    const std::tm today = local_fields(now);
    const bool same_day = fields.tm_yday == today.tm_yday && fields.tm_year == today.tm_year;
    char text[40];
    std::strftime(text, sizeof(text), same_day ? "%H:%M:%S" : "%Y-%m-%d %H:%M:%S", &fields);
    return text;
}

coordinator::RunLimits run_limits(const RunOptions& options) {
    coordinator::RunLimits limits;
    limits.fail_fast = options.fail_fast;
    limits.order = order_named(options.order);
    limits.drain = milliseconds_of(options.drain_s);
    limits.disk_wait = milliseconds_of(options.disk_wait_s);
    limits.end_time =
        end_time_of(options.until, std::getenv("SLURM_JOB_END_TIME"), SystemClock::now());
    limits.stop = requested_stop;
    return limits;
}

ExitCode exit_code_of(const coordinator::RunOutcome& outcome, std::size_t failed_trials) {
    using Verdict = coordinator::RunOutcome::Verdict;
    switch (outcome.verdict) {
        case Verdict::AllDone:
        case Verdict::SomeFailed:  // or were cancelled, which is no failure
            return failed_trials > 0 ? ExitCode::TrialsFailed : ExitCode::Ok;
        case Verdict::StoppedEarly:
            return outcome.cause == coordinator::StopCause::Now && second_signal() != 0
                       ? static_cast<ExitCode>(128 + second_signal())
                       : ExitCode::Resumable;
        case Verdict::InfrastructureLost:
            return ExitCode::Infrastructure;
    }
    return ExitCode::Bug;
}

ExitCode exit_code_of_sweep(ExitCode code,
                            const sweeps::WorkPlan& plan,
                            const storage::RunState& state) {
    bool some_failed = false;
    bool some_left = false;
    for (const sweeps::PlannedTrial& trial : plan.trials) {
        const auto failed = state.failed.find(trial.id);
        if (failed == state.failed.end()) {
            some_left = some_left || state.finished.count(trial.id) == 0;
        } else {
            some_failed =
                some_failed ||
                failed->second.state != coordinator::name_of(coordinator::FailureKind::Cancelled);
        }
    }
    if (code != ExitCode::Ok) {
        return code;
    }
    return some_failed ? ExitCode::TrialsFailed : some_left ? ExitCode::Resumable : ExitCode::Ok;
}

std::string outcome_word(ExitCode code, coordinator::StopCause cause) {
    switch (code) {
        case ExitCode::Ok:
            return "done";
        case ExitCode::TrialsFailed:
            return "failed";
        case ExitCode::Infrastructure:
            return "infrastructure_lost";
        case ExitCode::Resumable:
            return cause == coordinator::StopCause::TimeLimit ? "time_limit" : "drained";
        default:
            return "stopped";
    }
}

}  // namespace harrow::cli
