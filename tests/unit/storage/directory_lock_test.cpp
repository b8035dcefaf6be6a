#include "storage/directory_lock.hpp"

#include <array>
#include <optional>

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
using Acquire = DirectoryLock (*)(const std::filesystem::path&);

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
            const DirectoryLock lock = acquire(file);
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

class DirectoryLockTest : public ::testing::TestWithParam<Acquire> {};

TEST_P(DirectoryLockTest, ASecondHolderIsRefusedAndTheFirstIsNamed) {
    const TemporaryDirectory directory;
    const Holder holder(GetParam(), directory / "lock");
    const std::string message = message_of<UsageError>([&] { GetParam()(directory / "lock"); });
    EXPECT_TRUE(contains(message, "process " + std::to_string(holder.pid())));
    EXPECT_TRUE(contains(message, host_name()));
    EXPECT_TRUE(contains(message, directory.path().string()));
}

TEST_P(DirectoryLockTest, AZombieHoldsNothing) {
    const TemporaryDirectory directory;
    const Holder holder(GetParam(), directory / "lock");
    holder.become_zombie();
    EXPECT_NO_THROW(GetParam()(directory / "lock"));
}

TEST_P(DirectoryLockTest, IsFreeAgainWhenItsOwnerGoes) {
    const TemporaryDirectory directory;
    {
        DirectoryLock first = GetParam()(directory / "lock");
        const DirectoryLock moved = std::move(first);
        EXPECT_THROW(GetParam()(directory / "lock"), UsageError);
    }
    EXPECT_NO_THROW(GetParam()(directory / "lock"));
}

INSTANTIATE_TEST_SUITE_P(Ways,
                         DirectoryLockTest,
                         ::testing::Values(&DirectoryLock::acquire,
                                           &DirectoryLock::acquire_by_description));

TEST(DirectoryLockDescriptionTest, AnotherHostIsBelievedAndTheCureNamed) {
    const TemporaryDirectory directory;
    spill(directory / "lock", R"({"host":"elsewhere","pid":7,"boot_id":"b","start_ticks":"1"})");
    const std::string message =
        message_of<UsageError>([&] { DirectoryLock::acquire_by_description(directory / "lock"); });
    EXPECT_TRUE(contains(message, "elsewhere"));
    EXPECT_TRUE(contains(message, "delete " + (directory / "lock").string()));
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
