#include "cli/run_limits.hpp"

#include <cstdlib>
#include <ctime>

#include <gtest/gtest.h>

namespace harrow::cli {
namespace {

using sweeps::UsageError;
using namespace std::chrono_literals;
using SystemClock = std::chrono::system_clock;

/// 2026-11-22 12:00:00 UTC, in a place that is an hour ahead of it.
class RunLimitsTest : public ::testing::Test {
protected:
    RunLimitsTest() {
        ::setenv("TZ", "XST-1", 1);
        ::tzset();
    }
    ~RunLimitsTest() override {
        ::unsetenv("TZ");
        ::tzset();
    }
    SystemClock::time_point parse(const std::string& text) const {
        return parse_moment(text, now_);
    }

    const SystemClock::time_point now_ = SystemClock::from_time_t(1795348800);
};

TEST_F(RunLimitsTest, ASpanCountsFromNow) {
    EXPECT_EQ(parse("+2h30m"), now_ + 150min);
    EXPECT_EQ(parse("+90s"), now_ + 90s);
    EXPECT_EQ(parse("+1d1h"), now_ + 25h);
}

TEST_F(RunLimitsTest, ATimeOfDayIsTheNextOne) {
    EXPECT_EQ(parse("14:30"), now_ + 90min) << "local: it is 13:00 there";
    EXPECT_EQ(parse("12:30"), now_ + 23h + 30min) << "tomorrow";
    EXPECT_EQ(parse("13:00:30"), now_ + 30s);
}

TEST_F(RunLimitsTest, ADateIsLocalOrUtc) {
    EXPECT_EQ(parse("2026-11-22T14:30"), now_ + 90min);
    EXPECT_EQ(parse("2026-11-22T14:30Z"), now_ + 150min);
    EXPECT_EQ(parse("2026-11-23T12:00:15Z"), now_ + 24h + 15s);
}

TEST_F(RunLimitsTest, WhatIsNoTimeOrHasPassedIsRefusedByName) {
    for (const char* text : {"",
                             "+",
                             "+5",
                             "+5x",
                             "+-5m",
                             "noon",
                             "25:61",
                             "14:30x",
                             "14",
                             "2026-11-22",
                             "2026-13-01T00:00",
                             "2026-11-22T14:30+01:00"}) {
        EXPECT_THROW(parse(text), UsageError) << text;
    }
    try {
        parse("2026-11-22T11:59Z");
        ADD_FAILURE() << "it has passed";
    } catch (const UsageError& error) {
        EXPECT_STREQ(
            error.what(),
            "'2026-11-22T11:59Z' has passed, it is now 2026-11-22 13:00:00; write +2h or a later "
            "time");
    }
}

TEST_F(RunLimitsTest, AMomentBeyondTheClockIsRefusedWithItsLimit) {
    for (const char* text : {"+100000d",
                             "+3650d1s",
                             "+1000000d1000000d",
                             "2300-01-01T00:00",
                             "9999-12-31T23:59Z",
                             "2037-01-01T00:00"}) {
        try {
            parse(text);
            ADD_FAILURE() << text;
        } catch (const UsageError& error) {
            EXPECT_NE(std::string(error.what()).find("ten years"), std::string::npos)
                << error.what();
        }
    }
    EXPECT_EQ(parse("+3650d"), now_ + 24h * 3650);
    EXPECT_THROW(parse("0001-01-01T00:00"), UsageError);
}

TEST_F(RunLimitsTest, TheEarlierOfUntilAndSlurmsEndCounts) {
    const std::string in_an_hour = std::to_string(1795348800 + 3600);
    EXPECT_FALSE(end_time_of("", nullptr, now_).has_value());
    EXPECT_EQ(end_time_of("", in_an_hour.c_str(), now_), now_ + 1h);
    EXPECT_EQ(end_time_of("+2h", in_an_hour.c_str(), now_), now_ + 1h);
    EXPECT_EQ(end_time_of("+30m", in_an_hour.c_str(), now_), now_ + 30min);
    EXPECT_FALSE(end_time_of("", "UNLIMITED", now_).has_value());
    EXPECT_FALSE(end_time_of("", "", now_).has_value());
}

TEST_F(RunLimitsTest, OutcomesHaveAnExitCodeAndAWord) {
    using coordinator::RunOutcome;
    using coordinator::StopCause;
    RunOutcome outcome;
    EXPECT_EQ(exit_code_of(outcome, 0), sweeps::ExitCode::Ok);
    EXPECT_EQ(exit_code_of(outcome, 2), sweeps::ExitCode::TrialsFailed);
    outcome.verdict = RunOutcome::Verdict::StoppedEarly;
    outcome.cause = StopCause::TimeLimit;
    EXPECT_EQ(exit_code_of(outcome, 0), sweeps::ExitCode::Resumable);
    EXPECT_EQ(outcome_word(sweeps::ExitCode::Resumable, StopCause::TimeLimit), "time_limit");
    EXPECT_EQ(outcome_word(sweeps::ExitCode::Resumable, StopCause::Signal), "drained");
    EXPECT_EQ(outcome_word(static_cast<sweeps::ExitCode>(130), StopCause::Now), "stopped");
}

TEST_F(RunLimitsTest, ASessionThatLeavesTrialsIsNotDone) {
    using sweeps::ExitCode;
    sweeps::WorkPlan plan;
    plan.trials.resize(2);
    plan.trials[0].id = "a";
    plan.trials[1].id = "b";
    storage::RunState state;
    state.finished["a"];
    EXPECT_EQ(exit_code_of_sweep(ExitCode::Ok, plan, state), ExitCode::Resumable);
    EXPECT_EQ(exit_code_of_sweep(ExitCode::Infrastructure, plan, state), ExitCode::Infrastructure);
    state.failed["b"].state = "cancelled";
    EXPECT_EQ(exit_code_of_sweep(ExitCode::Ok, plan, state), ExitCode::Ok);
    state.failed["b"].state = "diverged";
    EXPECT_EQ(exit_code_of_sweep(ExitCode::Ok, plan, state), ExitCode::TrialsFailed);
}

}  // namespace
}  // namespace harrow::cli
