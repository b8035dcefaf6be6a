#include "coordinator/scheduler.hpp"

#include <stdexcept>

#include <gtest/gtest.h>
#include <signal.h>

#include "tests/unit/coordinator/scheduler_driver.hpp"

namespace harrow::coordinator {
namespace {

TEST(SchedulerTest, SendsUnitsInOrderAndOneAheadOnlyWhenNoSlotIsIdle) {
    Driver drive(independent(4), 2);
    const auto first = only<AssignUnit>(drive(SlotReady{0}));
    ASSERT_EQ(first.size(), 2U);  // slot 1 is not ready: unit 1 waits behind unit 0
    EXPECT_EQ(first[0].unit, 0U);
    EXPECT_EQ(first[1].unit, 1U);
    const auto second = only<AssignUnit>(drive(SlotReady{1}));
    ASSERT_EQ(second.size(), 2U);
    EXPECT_EQ(second[0].unit, 2U);
    EXPECT_EQ(second[0].slot, 1U);
}

TEST(SchedulerTest, TakesAWaitingUnitBackForAnIdleSlot) {
    Driver drive(independent(2), 2);
    const auto assigned = only<AssignUnit>(drive(SlotReady{0}));
    ASSERT_EQ(assigned.size(), 2U);
    drive.start(assigned[0]);
    const auto withdrawn = only<WithdrawUnit>(drive(SlotReady{1}));
    ASSERT_EQ(withdrawn.size(), 1U);
    EXPECT_EQ(withdrawn[0].unit, 1U);
    EXPECT_TRUE(only<WithdrawUnit>(drive(SlotReady{1})).empty());  // asked once
    const auto again = only<AssignUnit>(drive(UnitReturned{0, 1, 1}));
    ASSERT_EQ(again.size(), 1U);
    EXPECT_EQ(again[0].slot, 1U);
    EXPECT_EQ(again[0].attempt, 1U);  // it never ran
}

TEST(SchedulerTest, AWaitingUnitThatStartedMeanwhileStays) {
    Driver drive(independent(2), 2);
    drive(SlotReady{0});
    drive.start({0, 0, 1});
    drive(SlotReady{1});  // asks for unit 1
    drive(UnitFinished{0, 0, 1});
    drive.start({0, 1, 1});
    EXPECT_TRUE(drive(UnitReturned{0, 1, 1}).empty());
    EXPECT_EQ(only<Complete>(drive(UnitFinished{0, 1, 1})).size(), 1U);
    EXPECT_TRUE(drive.scheduler.all_ended());
}

TEST(SchedulerTest, ATrainingWaitsForItsExtractions) {
    Driver drive({{{}, 0}, {{}, 0}, {{0, 1}, 0}}, 3);
    drive(SlotReady{0});
    drive(SlotReady{1});
    EXPECT_TRUE(only<AssignUnit>(drive(SlotReady{2})).empty());
    EXPECT_TRUE(only<AssignUnit>(drive(UnitFinished{0, 0, 1})).empty());
    const Scheduler& scheduler = drive.scheduler;
    EXPECT_EQ(scheduler.held(), 1U);
}

TEST(SchedulerTest, AFailedExtractionFailsWhatNeedsItWithItsReason) {
    Driver drive({{{}, 0}, {{0}, 0}, {{1}, 0}, {{}, 0}}, 1);
    drive(SlotReady{0});
    const auto given_up = only<GiveUp>(
        drive(UnitFailed{0, 0, 1, FailureKind::BadData, "bottle/003.png is truncated"}));
    ASSERT_EQ(given_up.size(), 3U);
    EXPECT_EQ(given_up[0].kind, FailureKind::BadData);
    for (const std::size_t index : {1U, 2U}) {
        EXPECT_EQ(given_up[index].kind, FailureKind::Dependency);
        EXPECT_EQ(given_up[index].attempt, 0U);
        EXPECT_EQ(given_up[index].cause, 0U);
        EXPECT_EQ(given_up[index].reason, "bottle/003.png is truncated");
    }
    EXPECT_EQ(drive.scheduler.failed(), 3U);
    EXPECT_FALSE(drive.scheduler.all_ended());  // unit 3 is independent
}

TEST(SchedulerTest, AUserFailureIsNotTriedAgain) {
    Driver drive(independent(1), 1);
    drive(SlotReady{0});
    const auto actions = drive(UnitFailed{0, 0, 1, FailureKind::Diverged, "loss is nan"});
    EXPECT_EQ(only<GiveUp>(actions).size(), 1U);
    EXPECT_TRUE(only<Retry>(actions).empty());
}

TEST(SchedulerTest, AKilledWorkerCostsOneAttempt) {
    Driver drive(independent(1), 1);
    drive(SlotReady{0});
    const auto lost = drive(SlotChildLost{0, 0, 1, SIGKILL, 0, "killed by SIGKILL"});
    ASSERT_EQ(only<Retry>(lost).size(), 1U);
    EXPECT_EQ(only<Retry>(lost)[0].kind, FailureKind::Lost);
    const auto again = only<AssignUnit>(drive(SlotReady{0}));
    ASSERT_EQ(again.size(), 1U);
    EXPECT_EQ(again[0].attempt, 2U);
    EXPECT_TRUE(only<Complete>(drive(UnitFinished{0, 0, 1})).empty());  // a stale report
    EXPECT_EQ(only<Complete>(drive(UnitFinished{0, 0, 2})).size(), 1U);
}

// Loses the worker of unit 0 until the unit is given up; returns the number of losses.
int losses_until_given_up(Driver& drive, int signal, int exit_code, GiveUp* verdict) {
    for (std::uint32_t attempt = 1; attempt < 100; ++attempt) {
        drive(SlotReady{0});
        const auto actions = drive(SlotChildLost{0, 0, attempt, signal, exit_code, "died"});
        if (const auto given_up = only<GiveUp>(actions); !given_up.empty()) {
            *verdict = given_up[0];
            return static_cast<int>(attempt);
        }
    }
    return -1;
}

TEST(SchedulerTest, ThreeCrashesWithOneSignalAreTheUnitsOwnFault) {
    Driver drive(independent(1), 1);
    GiveUp verdict;
    EXPECT_EQ(losses_until_given_up(drive, SIGSEGV, 0, &verdict), 3);
    EXPECT_EQ(verdict.kind, FailureKind::Crashed);
    EXPECT_EQ(verdict.reason, "crashed (SIGSEGV) 3 times at task 0");
}

TEST(SchedulerTest, TheSameExitCodeCountsAsACrash) {
    Driver drive(independent(1), 1);
    GiveUp verdict;
    EXPECT_EQ(losses_until_given_up(drive, 0, 3, &verdict), 3);
    EXPECT_EQ(verdict.reason, "crashed (exit code 3) 3 times at task 0");
}

TEST(SchedulerTest, KillsAreRetriedTenTimes) {
    Driver drive(independent(1), 1);
    GiveUp verdict;
    EXPECT_EQ(losses_until_given_up(drive, SIGKILL, 0, &verdict), 10);
    EXPECT_EQ(verdict.kind, FailureKind::Lost);
}

TEST(SchedulerTest, ALostSlotsWorkGoesElsewhereAndItsLateReportIsStale) {
    Driver drive(independent(1), 2);
    drive(SlotReady{0});
    drive(SlotReady{1});
    drive.start({0, 0, 1});
    const auto actions = drive(SlotGone{0});
    ASSERT_EQ(only<AssignUnit>(actions).size(), 1U);
    EXPECT_EQ(only<AssignUnit>(actions)[0].slot, 1U);
    EXPECT_TRUE(drive(UnitFinished{0, 0, 1}).empty());
    EXPECT_EQ(only<Complete>(drive(UnitFinished{1, 0, 2})).size(), 1U);
}

TEST(SchedulerTest, WithoutSlotsItIsIdleButNotDone) {
    Driver drive(independent(2), 1);
    drive(SlotReady{0});
    drive(SlotGone{0});
    EXPECT_TRUE(drive.scheduler.is_idle());
    EXPECT_FALSE(drive.scheduler.all_ended());
}

TEST(SchedulerTest, DrainLetsRunningWorkEndAndStartsNone) {
    Driver drive(independent(3), 1);
    drive(SlotReady{0});
    drive.start({0, 0, 1});
    EXPECT_EQ(only<WithdrawUnit>(drive(DrainRequested{})).size(), 1U);
    EXPECT_TRUE(only<AssignUnit>(drive(UnitReturned{0, 1, 1})).empty());
    EXPECT_FALSE(drive.scheduler.is_idle());
    const auto end = drive(UnitFinished{0, 0, 1});
    EXPECT_EQ(only<Complete>(end).size(), 1U);
    EXPECT_TRUE(only<AssignUnit>(end).empty());
    EXPECT_TRUE(drive.scheduler.is_idle());
}

TEST(SchedulerTest, FailFastStopsAfterTheFirstFailure) {
    SchedulerLimits limits;
    limits.fail_fast = true;
    Driver drive(independent(5), 2, limits);
    drive(SlotReady{0});
    drive(SlotReady{1});
    drive.start({0, 0, 1});
    drive(UnitFailed{0, 0, 1, FailureKind::Diverged, "loss is nan"});
    EXPECT_TRUE(drive.scheduler.draining());
}

TEST(SchedulerTest, AttemptsContinueThoseOfEarlierRuns) {
    Driver drive({{{}, 4}}, 1);
    EXPECT_EQ(only<AssignUnit>(drive(SlotReady{0})).at(0).attempt, 5U);
}

TEST(SchedulerTest, RefusesImpossibleDependencies) {
    EXPECT_THROW(Scheduler({{{3}, 0}}, 1), std::invalid_argument);
    EXPECT_THROW(Scheduler({{{1}, 0}, {{0}, 0}}, 1), std::invalid_argument);
}

}  // namespace
}  // namespace harrow::coordinator
