#include "coordinator/run_loop.hpp"

#include <gtest/gtest.h>
#include <signal.h>

#include "run_loop_fixture.hpp"

namespace harrow::coordinator {
namespace {

using namespace std::chrono_literals;
using Verdict = RunOutcome::Verdict;

TEST(RunLoopTest, AllUnitsFinishOnceAndDependenciesComeFirst) {
    RunPlan plan;
    for (int index = 0; index < 4; ++index) {
        plan.units.push_back(unit("note extraction"));
    }
    for (std::size_t index = 0; index < 20; ++index) {
        plan.units.push_back(unit("sleep 2;note training", {index % 4, (index + 1) % 4}));
    }
    Recorder recorder;
    const RunOutcome outcome = run(plan, recorder);
    EXPECT_EQ(outcome.verdict, Verdict::AllDone);
    EXPECT_EQ(outcome.finished, 24U);
    EXPECT_EQ(recorder.attempts.size(), 24U);
    EXPECT_EQ(recorder.slots.size(), 2U);
    EXPECT_FALSE(recorder.uncommitted);
    EXPECT_EQ(recorder.starts.size(), 24U);
    EXPECT_EQ(recorder.last.trials_done, 24U);
    EXPECT_DOUBLE_EQ(recorder.last.cost_left, 0.0);
}

TEST(RunLoopTest, AnEmptyPlanIsDone) {
    Recorder recorder;
    EXPECT_EQ(run({}, recorder).verdict, Verdict::AllDone);
}

TEST(RunLoopTest, ACrashCostsOneAttempt) {
    RunPlan plan;
    plan.units = {unit("@1 print oops;@1 crash 9;note survived"), unit("note other")};
    Recorder recorder;
    EXPECT_EQ(run(plan, recorder).verdict, Verdict::AllDone);
    EXPECT_EQ(recorder.attempts.at(0), 2);
    EXPECT_EQ(recorder.attempts.at(1), 1);
    ASSERT_EQ(recorder.failures.size(), 1U);
    const UnitFailure& failure = recorder.failures[0];
    EXPECT_FALSE(failure.final);
    EXPECT_EQ(failure.attempt, 1);
    EXPECT_EQ(failure.kind, FailureKind::Lost);
    EXPECT_EQ(failure.signal, SIGKILL);
    EXPECT_EQ(failure.stderr_tail, "oops");
}

TEST(RunLoopTest, ARepeatedCrashFailsTheUnitNotTheRun) {
    RunPlan plan;
    plan.units = {unit("crash 11"), unit("note other", {}), unit("note dependant", {0})};
    Recorder recorder;
    const RunOutcome outcome = run(plan, recorder);
    EXPECT_EQ(outcome.verdict, Verdict::SomeFailed);
    EXPECT_EQ(outcome.finished, 1U);
    EXPECT_EQ(outcome.failed, 2U);
    ASSERT_EQ(recorder.failures.size(), 4U);
    EXPECT_EQ(recorder.failures[2].kind, FailureKind::Crashed);
    EXPECT_EQ(recorder.failures[2].message, "crashed (SIGSEGV) 3 times at task 0");
    EXPECT_EQ(recorder.failures[2].attempt, 3);
    EXPECT_EQ(recorder.failures[3].kind, FailureKind::Dependency);
    EXPECT_EQ(recorder.failures[3].message,
              "unit of 'crash 11' failed: crashed (SIGSEGV) 3 times at task 0");
}

TEST(RunLoopTest, AUserFailureIsRecordedOnce) {
    RunPlan plan;
    plan.units = {unit("fail " + std::to_string(static_cast<int>(FailureKind::Diverged)))};
    Recorder recorder;
    EXPECT_EQ(run(plan, recorder).verdict, Verdict::SomeFailed);
    ASSERT_EQ(recorder.failures.size(), 1U);
    EXPECT_TRUE(recorder.failures[0].final);
    EXPECT_EQ(recorder.failures[0].message, "failed as told");
}

TEST(RunLoopTest, StorageFailuresOfTheOnlyUnitAreInfrastructureAndEnd) {
    RunPlan plan;
    plan.units = {unit("fail " + std::to_string(static_cast<int>(FailureKind::Storage)))};
    Recorder recorder;
    const RunOutcome outcome = run(plan, recorder);
    EXPECT_EQ(outcome.verdict, Verdict::InfrastructureLost);
    EXPECT_EQ(outcome.failed, 1U);
    EXPECT_EQ(recorder.failures.size(), 3U);
}

TEST(RunLoopTest, FailFastLeavesTheRest) {
    RunPlan plan;
    plan.units = {unit("fail 0")};
    for (int index = 0; index < 20; ++index) {
        plan.units.push_back(unit("sleep 50"));
    }
    Recorder recorder;
    RunLimits limits = quick_limits();
    limits.fail_fast = true;
    const RunOutcome outcome = run(plan, recorder, limits);
    EXPECT_EQ(outcome.verdict, Verdict::SomeFailed);
    EXPECT_GT(outcome.not_run, 10U);
    EXPECT_NE(outcome.reason.find("first failure"), std::string::npos);
}

TEST(RunLoopTest, WithoutAnySlotLeftTheRunSaysWhy) {
    RunPlan plan;
    plan.units = {unit("note never")};
    Recorder recorder;
    const RunOutcome outcome =
        run(plan, recorder, quick_limits(), fake_options(2, {"--die-early"}));
    EXPECT_EQ(outcome.verdict, Verdict::InfrastructureLost);
    EXPECT_EQ(outcome.not_run, 1U);
    EXPECT_NE(outcome.reason.find("cannot load the library"), std::string::npos);
    EXPECT_FALSE(recorder.warnings.empty());
}

TEST(RunLoopTest, AnObserverThatCannotRecordStopsTheRun) {
    RunPlan plan;
    plan.units = {unit("note a"), unit("sleep 60000")};
    Recorder recorder;
    recorder.throw_on_finish = true;
    EXPECT_THROW(run(plan, recorder), sweeps::StorageError);
}

TEST(RunLoopTest, TheSnapshotFollowsTheWork) {
    RunPlan plan;
    plan.trials_done_before = 5;
    plan.units = {unit("step 1;sleep 300")};
    Recorder recorder;
    RunLimits limits = quick_limits();
    RunSnapshot seen;
    limits.stop = [&] {
        if (recorder.last.units_running == 1 && recorder.last.slots[0].progress.tasks == 3) {
            seen = recorder.last;
        }
        return StopLevel::Run;
    };
    run(plan, recorder, limits, fake_options(1));
    EXPECT_EQ(seen.trials, 6U);
    EXPECT_EQ(seen.trials_done, 5U);
    ASSERT_EQ(seen.slots.size(), 1U);
    EXPECT_EQ(seen.slots[0].state, SlotSnapshot::State::Busy);
    EXPECT_EQ(seen.slots[0].progress.task, 1);
    EXPECT_DOUBLE_EQ(seen.cost_done, 1.0 / 3.0);
    EXPECT_EQ(recorder.last.trials_done, 6U);
}

}  // namespace
}  // namespace harrow::coordinator
