#include <deque>
#include <map>

#include <gtest/gtest.h>
#include <signal.h>

#include "tests/unit/coordinator/scheduler_driver.hpp"

namespace harrow::coordinator {
namespace {

std::vector<SchedulerUnit> timed(std::vector<double> seconds) {
    std::vector<SchedulerUnit> units(seconds.size());
    for (std::size_t unit = 0; unit < seconds.size(); ++unit) {
        units[unit].expected_seconds = seconds[unit];
    }
    return units;
}

TEST(SchedulerCancelTest, WhatHasNotStartedIsGivenUpAtOnce) {
    Driver drive({{{}, 0}, {{0}, 0}, {{1}, 0}}, 1);
    const auto given_up = only<GiveUp>(drive(CancelRequested{1}));
    ASSERT_EQ(given_up.size(), 2U);
    EXPECT_EQ(given_up[0].kind, FailureKind::Cancelled);
    EXPECT_EQ(given_up[0].attempt, 0U);
    EXPECT_EQ(given_up[1].kind, FailureKind::Dependency);
    EXPECT_EQ(given_up[1].cause, 1U);
    EXPECT_TRUE(drive(CancelRequested{1}).empty());
}

TEST(SchedulerCancelTest, WhatWaitsAtASlotIsTakenBackAndNotSentAgain) {
    Driver drive(independent(2), 1);
    const auto sent = only<AssignUnit>(drive(SlotReady{0}));
    drive.start(sent[0]);
    EXPECT_EQ(only<WithdrawUnit>(drive(CancelRequested{1})).size(), 1U);
    const auto actions = drive(UnitReturned{0, 1, 1});
    ASSERT_EQ(only<GiveUp>(actions).size(), 1U);
    EXPECT_TRUE(only<AssignUnit>(actions).empty());
}

TEST(SchedulerCancelTest, WhatRunsIsToldAndGivenUpWhenItEnds) {
    Driver drive(independent(1), 1);
    drive.start(only<AssignUnit>(drive(SlotReady{0}))[0]);
    const auto told = only<CancelUnit>(drive(CancelRequested{0}));
    ASSERT_EQ(told.size(), 1U);
    EXPECT_TRUE(drive(CancelRequested{0}).empty());
    const auto ended = only<GiveUp>(drive(UnitFailed{0, 0, 1, FailureKind::Stopped, "stopped"}));
    ASSERT_EQ(ended.size(), 1U);
    EXPECT_EQ(ended[0].kind, FailureKind::Cancelled);
    EXPECT_EQ(ended[0].attempt, 1U);
}

TEST(SchedulerCancelTest, AChildThatDiesOfItEndsItToo) {
    Driver drive(independent(1), 1);
    drive.start(only<AssignUnit>(drive(SlotReady{0}))[0]);
    drive(CancelRequested{0});
    const auto ended = only<GiveUp>(drive(SlotChildLost{0, 0, 1, SIGKILL, 0, "killed", false}));
    ASSERT_EQ(ended.size(), 1U);
    EXPECT_EQ(ended[0].kind, FailureKind::Cancelled);
}

TEST(SchedulerCancelTest, AResultThatWasFasterCounts) {
    Driver drive(independent(1), 1);
    drive.start(only<AssignUnit>(drive(SlotReady{0}))[0]);
    drive(CancelRequested{0});
    EXPECT_EQ(only<Complete>(drive(UnitFinished{0, 0, 1})).size(), 1U);
    EXPECT_TRUE(drive(CancelRequested{0}).empty());
}

TEST(SchedulerCancelTest, AUnitThatStartsWhileItIsTakenBackIsToldToEnd) {
    Driver drive(independent(2), 1);
    drive.start(only<AssignUnit>(drive(SlotReady{0}))[0]);
    drive(CancelRequested{1});
    drive(UnitFinished{0, 0, 1});
    EXPECT_EQ(only<CancelUnit>(drive.start({0, 1, 1})).size(), 1U);
}

TEST(SchedulerRetryTest, AFailedUnitAndWhatNeededItRunAgain) {
    Driver drive({{{}, 0}, {{0}, 0}, {{1}, 0}}, 1);
    drive(SlotReady{0});
    drive(UnitFailed{0, 0, 1, FailureKind::BadData, "truncated"});
    EXPECT_EQ(drive.scheduler.failed(), 3U);
    const auto actions = drive(RetryRequested{0});
    EXPECT_EQ(only<Revive>(actions).size(), 3U);
    ASSERT_EQ(only<AssignUnit>(actions).size(), 1U);
    EXPECT_EQ(only<AssignUnit>(actions)[0].attempt, 2U);
    EXPECT_EQ(drive.scheduler.failed(), 0U);
}

TEST(SchedulerRetryTest, ADependantBringsBackWhatItNeeds) {
    Driver drive({{{}, 0}, {{0}, 0}}, 1);
    drive(SlotReady{0});
    drive(UnitFailed{0, 0, 1, FailureKind::BadData, "truncated"});
    const auto actions = drive(RetryRequested{1});
    EXPECT_EQ(only<Revive>(actions).size(), 2U);
    EXPECT_EQ(only<AssignUnit>(actions).at(0).unit, 0U);
}

TEST(SchedulerRetryTest, WhatStillLacksAnotherStaysFailed) {
    Driver drive({{{}, 0}, {{}, 0}, {{0, 1}, 0}}, 1);
    drive(SlotReady{0});
    drive(UnitFailed{0, 0, 1, FailureKind::BadData, "truncated"});
    drive(UnitFailed{0, 1, 1, FailureKind::BadData, "truncated"});
    EXPECT_EQ(only<Revive>(drive(RetryRequested{0})).size(), 1U);
    EXPECT_EQ(only<Revive>(drive(RetryRequested{1})).size(), 2U);
}

TEST(SchedulerRetryTest, ItsCountersStartAnew) {
    Driver drive(independent(1), 1);
    for (std::uint32_t attempt = 1; attempt <= 3; ++attempt) {
        drive(SlotReady{0});
        drive(SlotChildLost{0, 0, attempt, SIGSEGV, 0, "died", false});
    }
    EXPECT_EQ(drive.scheduler.failed(), 1U);
    drive(RetryRequested{0});
    drive(SlotReady{0});
    EXPECT_EQ(only<Retry>(drive(SlotChildLost{0, 0, 4, SIGSEGV, 0, "died", false})).size(), 1U);
    EXPECT_TRUE(only<Revive>(drive(RetryRequested{0})).empty());  // it has not failed
}

TEST(SchedulerRetryTest, WhatIsBeingCancelledRunsAgainOnceItHasEnded) {
    Driver drive(independent(1), 1);
    drive.start(only<AssignUnit>(drive(SlotReady{0}))[0]);
    drive(CancelRequested{0});
    EXPECT_TRUE(drive(RetryRequested{0}).empty());
    const auto actions = drive(UnitFailed{0, 0, 1, FailureKind::Cancelled, "cancelled"});
    EXPECT_TRUE(only<GiveUp>(actions).empty());
    ASSERT_EQ(only<Retry>(actions).size(), 1U);
    EXPECT_EQ(only<Retry>(actions)[0].kind, FailureKind::Cancelled);
    ASSERT_EQ(only<AssignUnit>(actions).size(), 1U);
    EXPECT_EQ(only<AssignUnit>(actions)[0].attempt, 2U);
}

TEST(SchedulerRetryTest, TheLastOfCancelAndRetryCounts) {
    Driver drive(independent(1), 1);
    drive.start(only<AssignUnit>(drive(SlotReady{0}))[0]);
    drive(CancelRequested{0});
    drive(RetryRequested{0});
    drive(CancelRequested{0});
    const auto ended = drive(UnitFailed{0, 0, 1, FailureKind::Cancelled, "cancelled"});
    ASSERT_EQ(only<GiveUp>(ended).size(), 1U);
}

TEST(SchedulerRetryTest, WhatIsTakenBackToBeCancelledWaitsAgain) {
    Driver drive(independent(2), 1);
    drive.start(only<AssignUnit>(drive(SlotReady{0}))[0]);
    drive(CancelRequested{1});
    drive(RetryRequested{1});
    const auto actions = drive(UnitReturned{0, 1, 1});
    EXPECT_TRUE(only<GiveUp>(actions).empty());
    EXPECT_EQ(only<AssignUnit>(actions).size(), 1U);
}

TEST(SchedulerPauseTest, NothingIsSentAndWhatWaitsComesBack) {
    Driver drive(independent(4), 1);
    drive.start(only<AssignUnit>(drive(SlotReady{0}))[0]);
    EXPECT_EQ(only<WithdrawUnit>(drive(DispatchPaused{true})).size(), 1U);
    EXPECT_TRUE(only<AssignUnit>(drive(UnitReturned{0, 1, 1})).empty());
    EXPECT_TRUE(only<AssignUnit>(drive(UnitFinished{0, 0, 1})).empty());
    EXPECT_FALSE(drive.scheduler.is_idle());  // it will go on
    EXPECT_EQ(only<AssignUnit>(drive(DispatchPaused{false})).size(), 2U);
}

TEST(SchedulerTimeTest, OnlyWhatFitsIsSentAndThenTheRunIsOver) {
    Driver drive(timed({100, 10, 1}), 1);
    drive(TimeLeft{20});
    const auto sent = only<AssignUnit>(drive(SlotReady{0}));
    ASSERT_EQ(sent.size(), 2U);
    EXPECT_EQ(sent[0].unit, 1U);
    EXPECT_EQ(sent[1].unit, 2U);
    drive.start(sent[0]);
    EXPECT_EQ(only<WithdrawUnit>(drive(TimeLeft{0.5})).size(), 1U);
    drive(UnitReturned{0, 2, 1});
    EXPECT_FALSE(drive.scheduler.is_idle());
    drive(UnitFinished{0, 1, 1});
    EXPECT_TRUE(drive.scheduler.out_of_time());
    EXPECT_TRUE(drive.scheduler.is_idle());
    EXPECT_FALSE(drive.scheduler.all_ended());
}

TEST(SchedulerTimeTest, ACheckpointThatFitsIsEnough) {
    std::vector<SchedulerUnit> units = timed({100});
    units[0].share_to_checkpoint = 0.1;
    Driver drive(units, 1);
    drive(TimeLeft{20});
    EXPECT_EQ(only<AssignUnit>(drive(SlotReady{0})).size(), 1U);
}

TEST(SchedulerTimeTest, TheIntervalOfCheckpointsStaysWhenCostsAreLearned) {
    std::vector<SchedulerUnit> units = timed({100});
    units[0].share_to_checkpoint = 0.5;
    units[0].checkpoint_interval_s = 60;
    Driver drive(units, 1);
    drive(TimeLeft{20});
    EXPECT_TRUE(only<AssignUnit>(drive(SlotReady{0})).empty());
    drive(EstimatesChanged{{100000}});
    EXPECT_EQ(only<AssignUnit>(drive(TimeLeft{70})).size(), 1U);  // not much longer than planned
}

TEST(SchedulerTimeTest, MoreTimeBringsThemBack) {
    Driver drive(timed({100}), 1);
    drive(TimeLeft{20});
    EXPECT_TRUE(only<AssignUnit>(drive(SlotReady{0})).empty());
    EXPECT_TRUE(drive.scheduler.is_idle());
    EXPECT_EQ(only<AssignUnit>(drive(TimeLeft{200})).size(), 1U);
}

// Slots as the scheduler sees them: they run what they get in order.
class Slots {
public:
    explicit Slots(Driver& drive) : drive_(drive) {}

    void obey(const std::vector<SchedulerAction>& actions) {
        for (const SchedulerAction& action : actions) {
            if (const auto* sent = std::get_if<AssignUnit>(&action)) {
                queues_[sent->slot].push_back(*sent);
            } else if (const auto* back = std::get_if<WithdrawUnit>(&action)) {
                std::deque<AssignUnit>& queue = queues_[back->slot];
                for (auto at = queue.begin(); at != queue.end(); ++at) {
                    if (at->unit == back->unit && !(at == queue.begin() && running_[back->slot])) {
                        queue.erase(at);
                        obey(drive_(UnitReturned{back->slot, back->unit, back->attempt}));
                        break;
                    }
                }
            }
        }
    }
    void start(std::size_t slot) {
        if (!running_[slot] && !queues_[slot].empty()) {
            running_[slot] = true;
            obey(drive_.start(queues_[slot].front()));
        }
    }
    /// What the slot ran.
    AssignUnit end(std::size_t slot) {
        const AssignUnit done = queues_[slot].front();
        queues_[slot].pop_front();
        running_[slot] = false;
        return done;
    }
    bool runs(std::size_t slot) { return running_[slot]; }
    const AssignUnit& front(std::size_t slot) { return queues_[slot].front(); }

private:
    Driver& drive_;
    std::map<std::size_t, std::deque<AssignUnit>> queues_;
    std::map<std::size_t, bool> running_;
};

// Slots 0 and 1 share a GPU, slot 2 has its own.
TEST(SchedulerMemoryTest, TheSecondTryHasTheGpuForItself) {
    Driver drive(independent(12), {0, 0, 1});
    Slots slots(drive);
    for (const std::size_t slot : {0U, 1U, 2U}) {
        slots.obey(drive(SlotReady{slot}));
    }
    for (const std::size_t slot : {0U, 1U, 2U}) {
        slots.start(slot);
    }
    const AssignUnit greedy = slots.end(0);
    const auto actions = drive(
        UnitFailed{0, greedy.unit, greedy.attempt, FailureKind::OutOfMemory, "CUDA out of memory"});
    ASSERT_EQ(only<Retry>(actions).size(), 1U);
    EXPECT_EQ(only<Retry>(actions)[0].kind, FailureKind::OutOfMemory);
    slots.obey(actions);
    bool ran_again = false;
    for (int step = 0; step < 100 && !drive.scheduler.all_ended(); ++step) {
        const std::size_t slot = static_cast<std::size_t>(step) % 3;
        slots.start(slot);
        if (!slots.runs(slot)) {
            continue;
        }
        if (slots.front(slot).unit == greedy.unit) {
            ran_again = true;
            EXPECT_FALSE(slot < 2 && slots.runs(1 - slot)) << "it shares its GPU";
        }
        const AssignUnit done = slots.end(slot);
        slots.obey(drive(UnitFinished{slot, done.unit, done.attempt}));
    }
    EXPECT_TRUE(ran_again);
    EXPECT_EQ(drive.scheduler.finished(), 12U);
}

}  // namespace
}  // namespace harrow::coordinator
