#include "coordinator/retry_policy.hpp"

#include <gtest/gtest.h>
#include <signal.h>

namespace harrow::coordinator {
namespace {

SlotChildLost lost(std::size_t unit, int signal, int exit_code = 0, bool out_of_memory = false) {
    return {0, unit, 1, signal, exit_code, "died", out_of_memory};
}

TEST(RetryPolicyTest, InfrastructureIsTriedAgainAsLongAsAttemptsGetFurther) {
    RetryPolicy policy({});
    for (std::int64_t epoch = 1; epoch < 100; ++epoch) {
        EXPECT_FALSE(policy.on_child_lost(lost(0, SIGKILL), {0, epoch}, false).give_up) << epoch;
    }
    EXPECT_FALSE(policy.on_child_lost(lost(0, SIGKILL), {1, 0}, false).give_up);
}

TEST(RetryPolicyTest, TenTimesInARowWithoutGettingFurtherAreTheEnd) {
    RetryPolicy policy({});
    policy.on_lost(0, {2, 3}, "its slot was lost");
    for (int attempt = 1; attempt < 10; ++attempt) {
        EXPECT_FALSE(policy.on_lost(0, {2, 1}, "its slot was lost").give_up) << attempt;
    }
    const RetryDecision last = policy.on_lost(0, {2, 3}, "its slot was lost");
    EXPECT_TRUE(last.give_up);
    EXPECT_EQ(last.kind, FailureKind::Lost);
    EXPECT_NE(last.reason.find("10 times without getting further"), std::string::npos);
}

TEST(RetryPolicyTest, ProgressStartsTheCountAnew) {
    RetryPolicy policy({});
    for (int round = 0; round < 20; ++round) {
        for (int attempt = 0; attempt < 9; ++attempt) {
            EXPECT_FALSE(policy.on_lost(0, {round, 0}, "").give_up);
        }
    }
}

TEST(RetryPolicyTest, CrashesCountByTask) {
    RetryPolicy policy({});
    for (std::int64_t task = 0; task < 5; ++task) {
        EXPECT_FALSE(policy.on_child_lost(lost(0, SIGSEGV), {task, 1}, false).give_up);
        EXPECT_FALSE(policy.on_child_lost(lost(0, SIGSEGV), {task, 2}, false).give_up);
    }
    const RetryDecision third = policy.on_child_lost(lost(0, SIGSEGV), {3, 9}, false);
    EXPECT_TRUE(third.give_up);
    EXPECT_EQ(third.kind, FailureKind::Crashed);
    EXPECT_EQ(third.reason, "crashed (SIGSEGV) 3 times at task 3");
}

TEST(RetryPolicyTest, DifferentDeathsAreNotOneCrash) {
    RetryPolicy policy({});
    EXPECT_FALSE(policy.on_child_lost(lost(0, SIGSEGV), {0, 1}, false).give_up);
    EXPECT_FALSE(policy.on_child_lost(lost(0, SIGABRT), {0, 2}, false).give_up);
    EXPECT_FALSE(policy.on_child_lost(lost(0, 0, 1), {0, 3}, false).give_up);
    EXPECT_FALSE(policy.on_child_lost(lost(0, 0, 2), {0, 4}, false).give_up);
    EXPECT_FALSE(policy.on_child_lost(lost(1, SIGSEGV), {0, 5}, false).give_up);  // another unit
}

TEST(RetryPolicyTest, OutOfMemoryMayTryOnceAloneOnASharedGpu) {
    RetryPolicy policy({});
    const RetryDecision first = policy.on_child_lost(lost(0, SIGKILL, 0, true), {0, 5}, true);
    EXPECT_FALSE(first.give_up);
    EXPECT_TRUE(first.alone);
    const UnitFailed again{0, 0, 2, FailureKind::OutOfMemory, "CUDA out of memory"};
    const RetryDecision second = policy.on_failed(again, {0, 9}, true, 0);
    EXPECT_TRUE(second.give_up);
    EXPECT_EQ(second.kind, FailureKind::OutOfMemory);
    EXPECT_EQ(second.reason, "CUDA out of memory");
}

TEST(RetryPolicyTest, OutOfMemoryOnADeviceOfItsOwnIsFinal) {
    RetryPolicy policy({});
    EXPECT_TRUE(policy.on_child_lost(lost(0, SIGKILL, 0, true), {0, 5}, false).give_up);
}

TEST(RetryPolicyTest, AFullDiskIsNoUnitsFault) {
    RetryPolicy policy({});
    const UnitFailed full{0, 0, 1, FailureKind::Storage, "No space left on device", true};
    for (int attempt = 0; attempt < 100; ++attempt) {
        EXPECT_FALSE(policy.on_failed(full, {}, false, 7).give_up);
    }
    int failures = 1;  // those above count once: nothing succeeded between them
    for (std::size_t successes = 8; failures < 100; ++successes) {
        ++failures;
        if (policy.on_failed(full, {}, false, successes).give_up) {
            break;
        }
    }
    EXPECT_EQ(failures, 10);
}

TEST(RetryPolicyTest, AnotherStorageErrorEndsAlsoWhereNothingElseSucceeds) {
    RetryPolicy policy({});
    const UnitFailed denied{0, 0, 1, FailureKind::Storage, "cannot open x: Permission denied"};
    EXPECT_FALSE(policy.on_failed(denied, {}, false, 7).give_up);
    EXPECT_FALSE(policy.on_failed(denied, {}, false, 7).give_up);
    const RetryDecision last = policy.on_failed(denied, {}, false, 7);
    EXPECT_TRUE(last.give_up);
    EXPECT_EQ(last.kind, FailureKind::Storage);
    EXPECT_EQ(last.reason, "cannot open x: Permission denied");
}

TEST(RetryPolicyTest, WhatWasStoppedFromOutsideGoesOn) {
    RetryPolicy policy({});
    const UnitFailed stopped{0, 0, 1, FailureKind::Stopped, "stopped"};
    const RetryDecision decision = policy.on_failed(stopped, {1, 1}, false, 0);
    EXPECT_FALSE(decision.give_up);
    EXPECT_EQ(decision.kind, FailureKind::Stopped);
}

TEST(RetryPolicyTest, UserFailuresAreFinalAndForgettingStartsAnew) {
    RetryPolicy policy({});
    EXPECT_TRUE(policy.on_failed({0, 0, 1, FailureKind::Diverged, "nan"}, {}, false, 0).give_up);
    policy.on_child_lost(lost(0, SIGSEGV), {}, false);
    policy.on_child_lost(lost(0, SIGSEGV), {}, false);
    policy.forget(0);
    EXPECT_FALSE(policy.on_child_lost(lost(0, SIGSEGV), {}, false).give_up);
}

}  // namespace
}  // namespace harrow::coordinator
