// How a run ends early, waits for a disk and obeys its user.
#include <algorithm>

#include <gtest/gtest.h>

#include "run_loop_fixture.hpp"

namespace harrow::coordinator {
namespace {

using namespace std::chrono_literals;
using Verdict = RunOutcome::Verdict;

TEST(RunLoopEndTest, WithoutDrainTimeRunningWorkStopsAtOnce) {
    RunPlan plan;
    plan.units = {unit("sleep 60000"), unit("sleep 60000"), unit("sleep 60000")};
    Recorder recorder;
    RunLimits limits = quick_limits();
    limits.stop = [&] { return recorder.starts.size() < 2 ? StopLevel::Run : StopLevel::Drain; };
    const RunOutcome outcome = run(plan, recorder, limits);
    EXPECT_EQ(outcome.verdict, Verdict::StoppedEarly);
    EXPECT_EQ(outcome.not_run, 3U);
    EXPECT_TRUE(recorder.failures.empty());  // being stopped is no failure
}

TEST(RunLoopEndTest, DrainLetsRunningWorkFinishAndStartsNoMore) {
    RunPlan plan;
    for (int index = 0; index < 10; ++index) {
        plan.units.push_back(unit("sleep 200"));
    }
    Recorder recorder;
    RunLimits limits = quick_limits();
    limits.drain = 60s;
    limits.stop = [&] { return recorder.starts.empty() ? StopLevel::Run : StopLevel::Drain; };
    const RunOutcome outcome = run(plan, recorder, limits);
    EXPECT_EQ(outcome.verdict, Verdict::StoppedEarly);
    EXPECT_GE(outcome.finished, 1U);
    EXPECT_LE(outcome.finished, 4U);
    EXPECT_EQ(outcome.finished + outcome.not_run, 10U);
}

TEST(RunLoopEndTest, CheckpointsAreReportedAndAStopKeepsTheLastOne) {
    RunPlan plan;
    plan.units = {unit("resume 1;keep 2;sleep 60000")};
    Recorder recorder;
    RunLimits limits = quick_limits();
    limits.stop = [&] { return recorder.checkpoints.empty() ? StopLevel::Run : StopLevel::Drain; };
    const RunOutcome outcome = run(plan, recorder, limits);
    EXPECT_EQ(outcome.verdict, Verdict::StoppedEarly);
    EXPECT_EQ(outcome.cause, StopCause::Signal);
    ASSERT_EQ(recorder.resumes.size(), 1U);
    EXPECT_EQ(recorder.resumes[0].task, 1);
    ASSERT_EQ(recorder.checkpoints.size(), 1U);
    EXPECT_EQ(recorder.checkpoints[0].bytes, 1000);
    ASSERT_EQ(recorder.drains.size(), 1U);
    EXPECT_EQ(recorder.drains[0].running, 1U);
    EXPECT_FALSE(recorder.uncommitted);
}

TEST(RunLoopEndTest, AnEndTimeDrainsAndStopsInTime) {
    RunPlan plan;
    plan.units = {unit("sleep 60000"), unit("sleep 60000"), unit("sleep 60000")};
    Recorder recorder;
    RunLimits limits = quick_limits();
    limits.end_time = std::chrono::system_clock::now() + 1500ms;
    const RunOutcome outcome = run(plan, recorder, limits);
    EXPECT_EQ(outcome.verdict, Verdict::StoppedEarly);
    EXPECT_EQ(outcome.cause, StopCause::TimeLimit);
    EXPECT_LT(std::chrono::system_clock::now(), *limits.end_time + 5s);
    ASSERT_EQ(recorder.drains.size(), 1U);
    EXPECT_EQ(recorder.drains[0].cause, StopCause::TimeLimit);
}

TEST(RunLoopEndTest, WithoutTimeForAnyUnitNothingIsStarted) {
    RunPlan plan;
    plan.units = {unit("note never")};
    plan.units[0].expected_cost = 3600;
    Recorder recorder;
    RunLimits limits = quick_limits();
    limits.end_time = std::chrono::system_clock::now() + 60s;
    const RunOutcome outcome = run(plan, recorder, limits);
    EXPECT_EQ(outcome.verdict, Verdict::StoppedEarly);
    EXPECT_EQ(outcome.cause, StopCause::TimeLimit);
    EXPECT_TRUE(recorder.starts.empty());
    EXPECT_NE(outcome.reason.find("nothing was started"), std::string::npos) << outcome.reason;
}

TEST(RunLoopEndTest, AFullJournalPausesAndNothingIsLostOrStartedMeanwhile) {
    RunPlan plan;
    for (int index = 0; index < 12; ++index) {
        plan.units.push_back(unit("sleep 20"));
    }
    Recorder recorder;
    bool filled = false;
    std::size_t finished_when_full = 0;
    recorder.full = [&] {
        if (!filled && recorder.attempts.size() >= 2) {
            filled = true;
            finished_when_full = recorder.attempts.size();
        }
        return filled && recorder.refused_commits < 3;
    };
    RunLimits limits = quick_limits();
    limits.disk_retry = 100ms;
    std::size_t most_when_full = 0;
    limits.stop = [&] {
        if (filled && recorder.refused_commits < 3) {
            most_when_full = std::max(most_when_full, recorder.attempts.size());
        }
        return StopLevel::Run;
    };
    const RunOutcome outcome = run(plan, recorder, limits);
    EXPECT_EQ(outcome.verdict, Verdict::AllDone);
    EXPECT_EQ(outcome.finished, 12U);
    EXPECT_EQ(recorder.refused_commits, 3);
    EXPECT_FALSE(recorder.uncommitted);
    EXPECT_LT(most_when_full, 12U) << "only what was at the slots goes on";
}

TEST(RunLoopEndTest, AJournalThatStaysFullEndsTheRunAsInfrastructure) {
    RunPlan plan;
    plan.units = {unit("note a"), unit("note b"), unit("note c"), unit("sleep 60000")};
    Recorder recorder;
    recorder.full = [&] { return !recorder.attempts.empty(); };
    RunLimits limits = quick_limits();
    limits.disk_retry = 20ms;
    limits.disk_wait = 200ms;
    const RunOutcome outcome = run(plan, recorder, limits);
    EXPECT_EQ(outcome.verdict, Verdict::InfrastructureLost);
    EXPECT_NE(outcome.reason.find("disk is full"), std::string::npos);
    EXPECT_GT(recorder.refused_commits, 3);
}

TEST(RunLoopEndTest, ASignalEndsTheWaitForRoom) {
    RunPlan plan;
    plan.units = {unit("note a"), unit("sleep 60000")};
    Recorder recorder;
    recorder.full = [&] { return !recorder.attempts.empty(); };
    RunLimits limits = quick_limits();
    limits.disk_retry = 20ms;
    limits.drain = 3600s;
    limits.stop = [&] { return recorder.refused_commits < 3 ? StopLevel::Run : StopLevel::Drain; };
    EXPECT_EQ(run(plan, recorder, limits).verdict, Verdict::InfrastructureLost);
}

TEST(RunLoopEndTest, AWorkerWithoutRoomPausesAndItsUnitIsTriedAgain) {
    RunPlan plan;
    plan.units = {unit("@1 nospace;note a"), unit("note b")};
    Recorder recorder;
    int looks = 0;
    recorder.full = [&] { return recorder.warnings.size() == 1 && ++looks < 2; };
    RunLimits limits = quick_limits();
    limits.disk_retry = 50ms;
    EXPECT_EQ(run(plan, recorder, limits).verdict, Verdict::AllDone);
    ASSERT_EQ(recorder.warnings.size(), 1U);
    EXPECT_NE(recorder.warnings[0].find("No space left"), std::string::npos);
    EXPECT_EQ(recorder.attempts.at(0), 2);
    ASSERT_EQ(recorder.failures.size(), 1U);
    EXPECT_FALSE(recorder.failures[0].final);
}

TEST(RunLoopEndTest, TheUserCancelsAndRetriesUnits) {
    RunPlan plan;
    plan.units = {unit("sleep 60000"), unit("@1 fail 1;note again"), unit("sleep 50")};
    Recorder recorder;
    RunLimits limits = quick_limits();
    int asked = 0;
    limits.requests = [&]() -> std::vector<RunRequest> {
        ++asked;
        if (asked == 2) {
            return {{RunRequest::Kind::Cancel, 0}, {RunRequest::Kind::Retry, 1}};
        }
        return {};
    };
    const RunOutcome outcome = run(plan, recorder, limits);
    EXPECT_EQ(outcome.verdict, Verdict::SomeFailed);
    EXPECT_EQ(outcome.finished, 2U);
    EXPECT_EQ(outcome.failed, 1U);
    EXPECT_EQ(recorder.attempts.at(1), 2);
    ASSERT_EQ(recorder.failures.size(), 2U);
    EXPECT_EQ(recorder.failures[0].kind, FailureKind::Diverged);
    EXPECT_EQ(recorder.failures[1].kind, FailureKind::Cancelled);
    EXPECT_EQ(recorder.failures[1].unit, 0U);
    EXPECT_EQ(recorder.last.units_failed, 1U);
    EXPECT_EQ(recorder.revivals, std::vector<std::size_t>{1});
    EXPECT_TRUE(outcome.reason.empty()) << outcome.reason;  // neither is a failure that stands
}

TEST(RunLoopEndTest, AFailureThatARetryUndidIsNotWhatTheRunEndsWith) {
    RunPlan plan;
    const std::string storage = std::to_string(static_cast<int>(FailureKind::Storage));
    plan.units = {unit("@3 fail " + storage + ";note again"), unit("fail 1"), unit("sleep 60000")};
    Recorder recorder;
    RunLimits limits = quick_limits();
    bool asked = false;
    limits.requests = [&]() -> std::vector<RunRequest> {
        if (asked || recorder.failures.size() < 4) {
            return {};
        }
        asked = true;
        return {{RunRequest::Kind::Retry, 0}, {RunRequest::Kind::Cancel, 2}};
    };
    const RunOutcome outcome = run(plan, recorder, limits);
    EXPECT_EQ(recorder.attempts.at(0), 4);
    EXPECT_EQ(outcome.verdict, Verdict::SomeFailed);
    EXPECT_EQ(outcome.reason, "failed as told");
}

TEST(RunLoopEndTest, WhatIsRetriedAfterTheFirstFailureIsLeftAndTheRunIsNotDone) {
    RunPlan plan;
    plan.units = {unit("@1 fail 1;note again"), unit("sleep 60000")};
    Recorder recorder;
    RunLimits limits = quick_limits();
    limits.fail_fast = true;
    bool asked = false;
    limits.requests = [&]() -> std::vector<RunRequest> {
        if (asked || recorder.failures.empty()) {
            return {};
        }
        asked = true;
        return {{RunRequest::Kind::Retry, 0}, {RunRequest::Kind::Cancel, 1}};
    };
    const RunOutcome outcome = run(plan, recorder, limits);
    EXPECT_EQ(outcome.not_run, 1U);
    EXPECT_EQ(outcome.verdict, Verdict::StoppedEarly);
}

TEST(RunLoopEndTest, ASecondSignalEndsADrain) {
    RunPlan plan;
    plan.units = {unit("sleep 60000")};
    Recorder recorder;
    RunLimits limits = quick_limits();
    limits.drain = 3600s;
    int asked = 0;
    limits.stop = [&] {
        asked += recorder.starts.empty() ? 0 : 1;
        return asked == 0 ? StopLevel::Run : asked < 5 ? StopLevel::Drain : StopLevel::Now;
    };
    EXPECT_EQ(run(plan, recorder, limits, fake_options(1, {"--deaf"})).verdict,
              Verdict::StoppedEarly);
}

}  // namespace
}  // namespace harrow::coordinator
