#include "storage/directory_lock.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <optional>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sweeps/error.hpp"
#include "tests/support/temporary_directory.hpp"

namespace harrow::storage {
namespace {

using sweeps::UsageError;
using namespace testing;
using namespace std::chrono_literals;
using Acquire = DirectoryLock (*)(const std::filesystem::path&, LeaseTimes);

/// A child that takes the lock, and is a zombie or alive as the test wants.
class Holder {
public:
    Holder(Acquire acquire, const std::filesystem::path& file) {
        std::array<int, 2> ready{};
        if (::pipe(ready.data()) != 0) {
            ADD_FAILURE() << "no pipe";
            return;
        }
        pid_ = ::fork();
        if (pid_ == 0) {
            const DirectoryLock lock = acquire(file, {});
            [[maybe_unused]] const ssize_t said = ::write(ready[1], "x", 1);
            ::pause();
        }
        char byte = 0;
        EXPECT_EQ(::read(ready[0], &byte, 1), 1);
        ::close(ready[0]);
        ::close(ready[1]);
    }
    Holder(const Holder&) = delete;
    Holder& operator=(const Holder&) = delete;
    ~Holder() {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
    pid_t pid() const { return pid_; }
    void become_zombie() const {
        ::kill(pid_, SIGKILL);
        siginfo_t info{};
        ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT);
    }

private:
    pid_t pid_ = -1;
};

class DirectoryLockWays : public ::testing::TestWithParam<Acquire> {};

TEST_P(DirectoryLockWays, ASecondHolderIsRefusedAndTheFirstIsNamed) {
    const TemporaryDirectory directory;
    const Holder holder(GetParam(), directory / "lock");
    const std::string message = message_of<UsageError>([&] { GetParam()(directory / "lock", {}); });
    EXPECT_TRUE(contains(message, "process " + std::to_string(holder.pid())));
    EXPECT_TRUE(contains(message, host_name()));
    EXPECT_TRUE(contains(message, directory.path().string()));
}

TEST_P(DirectoryLockWays, AZombieHoldsNothing) {
    const TemporaryDirectory directory;
    const Holder holder(GetParam(), directory / "lock");
    holder.become_zombie();
    EXPECT_NO_THROW(GetParam()(directory / "lock", {}));
}

TEST_P(DirectoryLockWays, IsFreeAgainWhenItsOwnerGoes) {
    const TemporaryDirectory directory;
    {
        DirectoryLock first = GetParam()(directory / "lock", {});
        const DirectoryLock moved = std::move(first);
        EXPECT_THROW(GetParam()(directory / "lock", {}), UsageError);
    }
    EXPECT_NO_THROW(GetParam()(directory / "lock", {}));
}

INSTANTIATE_TEST_SUITE_P(Ways,
                         DirectoryLockWays,
                         ::testing::Values(&DirectoryLock::acquire,
                                           &DirectoryLock::acquire_by_description));

/// A lease of another host, renewed `age` ago.
void spill_other_host(const std::filesystem::path& file, std::chrono::seconds age) {
    spill(file, R"({"host":"elsewhere","pid":7,"boot_id":"b","start_ticks":"1","since":"then"})");
    std::filesystem::last_write_time(file, std::filesystem::file_time_type::clock::now() - age);
}

TEST(DirectoryLockDescriptionTest, AFreshLeaseOfAnotherHostIsBelievedAndTheCureNamed) {
    const TemporaryDirectory directory;
    spill_other_host(directory / "lock", 9min + 10s);
    const std::string message =
        message_of<UsageError>([&] { DirectoryLock::acquire_by_description(directory / "lock"); });
    EXPECT_TRUE(contains(message, "process 7 on host elsewhere since then"));
    EXPECT_TRUE(contains(message, "renewed 9 min ago"));
    EXPECT_TRUE(contains(message, "10 min"));
    EXPECT_TRUE(contains(message, "delete " + (directory / "lock").string()));
}

TEST(DirectoryLockDescriptionTest, ASilentLeaseOfAnotherHostIsTakenOverAndSaidSo) {
    const TemporaryDirectory directory;
    spill_other_host(directory / "lock", 11min + 10s);
    const DirectoryLock lock = DirectoryLock::acquire_by_description(directory / "lock");
    EXPECT_TRUE(contains(lock.note(), "took over from process 7 on host elsewhere"));
    EXPECT_TRUE(contains(lock.note(), "11 min"));
    EXPECT_TRUE(contains(slurp(directory / "lock"), host_name()));
    EXPECT_EQ(entries_in(directory.path()), 1U) << "nothing but the lock is left";
}

TEST(DirectoryLockDescriptionTest, AHolderProvesItsLifeAndNoticesThatItWasReplaced) {
    const TemporaryDirectory directory;
    DirectoryLock lock = DirectoryLock::acquire_by_description(directory / "lock", {0ms, 10min});
    std::filesystem::last_write_time(directory / "lock",
                                     std::filesystem::file_time_type::clock::now() - 9min);
    const auto before = std::filesystem::last_write_time(directory / "lock");
    lock.keep();
    EXPECT_GT(std::filesystem::last_write_time(directory / "lock"), before + 8min);
    spill_other_host(directory / "lock", 0s);
    const std::string message = message_of<LeaseLost>([&] { lock.keep(); });
    EXPECT_TRUE(contains(message, "elsewhere"));
    EXPECT_TRUE(contains(message, directory.path().string()));
}

TEST(DirectoryLockDescriptionTest, TheEndOfAReplacedHolderDoesNotFreeTheDirectory) {
    const TemporaryDirectory directory;
    {
        const DirectoryLock lock = DirectoryLock::acquire_by_description(directory / "lock");
        spill_other_host(directory / "lock", 0s);
    }
    EXPECT_TRUE(contains(slurp(directory / "lock"), "elsewhere"));
}

TEST(DirectoryLockDescriptionTest, WhatACrashLeftOfATakeOverIsNoObstacle) {
    const TemporaryDirectory directory;
    spill(directory / "lock.claim", "");
    EXPECT_THROW(DirectoryLock::acquire_by_description(directory / "lock"), UsageError);
    std::filesystem::last_write_time(directory / "lock.claim",
                                     std::filesystem::file_time_type::clock::now() - 2min);
    EXPECT_NO_THROW(DirectoryLock::acquire_by_description(directory / "lock"));
}

TEST(DirectoryLockDescriptionTest, OfStartersThatFindAnOldClaimOneAtMostStarts) {
    for (int round = 0; round < 100; ++round) {
        const TemporaryDirectory directory;
        spill(directory / "lock.claim", "");
        std::filesystem::last_write_time(directory / "lock.claim",
                                         std::filesystem::file_time_type::clock::now() - 2min);
        std::atomic<int> waiting{4};
        std::array<std::optional<DirectoryLock>, 4> locks;
        std::vector<std::thread> starters;
        for (std::optional<DirectoryLock>& lock : locks) {
            starters.emplace_back([&] {
                --waiting;
                while (waiting > 0) {
                }
                try {
                    lock.emplace(DirectoryLock::acquire_by_description(directory / "lock"));
                } catch (const UsageError&) {
                    // refused
                }
            });
        }
        for (std::thread& starter : starters) {
            starter.join();
        }
        const auto held = std::count_if(
            locks.begin(), locks.end(), [](const auto& lock) { return lock.has_value(); });
        ASSERT_LE(held, 1) << "round " << round;
    }
}

TEST(DirectoryLockTest, ALockFileRemovedByHandEndsItsHolder) {
    const TemporaryDirectory directory;
    DirectoryLock lock = DirectoryLock::acquire(directory / "lock", {0ms, 10min});
    EXPECT_NO_THROW(lock.keep());
    std::filesystem::remove(directory / "lock");
    EXPECT_THROW(lock.keep(), LeaseLost);
}

TEST(DirectoryLockTest, WhereLocksEndAtTheHostAnotherHostsRenewalShows) {
    const TemporaryDirectory directory;
    const LeaseTimes quick{200ms, 10min};
    spill_other_host(directory / "lock", 0s);
    EXPECT_NO_THROW(DirectoryLock::acquire(directory / "lock", quick)) << "it renews no more";
    spill_other_host(directory / "lock", 0s);
    std::thread other([&] {
        std::this_thread::sleep_for(50ms);
        spill_other_host(directory / "lock", 0s);
    });
    const std::string message =
        message_of<UsageError>([&] { DirectoryLock::acquire(directory / "lock", quick); });
    other.join();
    EXPECT_TRUE(contains(message, "elsewhere"));
}

TEST(DirectoryLockDescriptionTest, AReusedProcessNumberAndDamagedTextHoldNothing) {
    const TemporaryDirectory directory;
    spill(directory / "lock",
          R"({"host":")" + host_name() + R"(","pid":)" + std::to_string(::getpid()) +
              R"(,"boot_id":"another boot","start_ticks":"1"})");
    EXPECT_NO_THROW(DirectoryLock::acquire_by_description(directory / "lock"));
    spill(directory / "lock", "{\"host\":");
    EXPECT_NO_THROW(DirectoryLock::acquire_by_description(directory / "lock"));
}

}  // namespace
}  // namespace harrow::storage
