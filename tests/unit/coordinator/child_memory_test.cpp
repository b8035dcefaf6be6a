#include "coordinator/child_memory.hpp"

#include <chrono>
#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fake_slots.hpp"

namespace harrow::coordinator {
namespace {

using namespace std::chrono_literals;

class KernelMemoryCounterTest : public ::testing::Test {
protected:
    KernelMemoryCounterTest() { count(4); }
    ~KernelMemoryCounterTest() override { std::remove(file_.c_str()); }
    void count(int kills) const {
        std::ofstream(file_) << "low 0\nhigh 0\nmax 9\noom 7\noom_kill " << kills << "\n";
    }

    const std::string file_ =
        ::testing::TempDir() + "harrow.memory.events." + std::to_string(::getpid());
    const KernelMemoryKills::Clock::time_point now_ = KernelMemoryKills::Clock::now();
};

TEST_F(KernelMemoryCounterTest, OnlyAGrownCounterExplainsADeathAndOnlyOne) {
    KernelMemoryKills kills(file_);
    EXPECT_FALSE(kills.killed(1, now_)) << "what was counted before says nothing";
    count(6);
    EXPECT_TRUE(kills.killed(1, now_));
    EXPECT_TRUE(kills.killed(2, now_));
    EXPECT_FALSE(kills.killed(3, now_));
}

TEST_F(KernelMemoryCounterTest, WhatHappenedLongBeforeIsNotTheCause) {
    KernelMemoryKills kills(file_);
    count(5);
    kills.look(now_);
    kills.look(now_ + 1s);
    EXPECT_FALSE(kills.killed(1, now_ + 10s));
    count(6);
    kills.look(now_ + 11s);
    EXPECT_TRUE(kills.killed(1, now_ + 12s)) << "noticed before the death was";
}

TEST_F(KernelMemoryCounterTest, WithoutACounterNothingIsClaimed) {
    KernelMemoryKills none("");
    EXPECT_FALSE(none.killed(1, now_));
    std::ofstream(file_) << "memory.oom_control is not what it was\n";
    KernelMemoryKills foreign(file_);
    EXPECT_FALSE(foreign.killed(1, now_));
}

TEST(ResidentBytesTest, GrowsWithWhatIsTouchedAndIsZeroForTheDead) {
    const std::int64_t before = resident_bytes(::getpid());
    EXPECT_GT(before, 0);
    const std::string touched(64 << 20, 'x');
    EXPECT_GE(resident_bytes(::getpid()), before + (60 << 20)) << touched.size();
    EXPECT_EQ(resident_bytes(-1), 0);
}

/// A control group of this test's own, below this process's, with a limit on its memory.
class SmallGroup {
public:
    explicit SmallGroup(std::int64_t bytes) {
        std::ifstream groups("/proc/self/cgroup");
        std::string line;
        while (std::getline(groups, line) && path_.empty()) {
            const bool is_first = line.find(":memory:") != std::string::npos;
            if (is_first || line.rfind("0::", 0) == 0) {
                const std::string name = "/harrow-test-" + std::to_string(::getpid());
                const std::string path = std::string("/sys/fs/cgroup") +
                                         (is_first ? "/memory" : "") +
                                         line.substr(line.rfind(':') + 1) + name;
                make(path, is_first ? "/memory.limit_in_bytes" : "/memory.max", bytes);
            }
        }
    }
    SmallGroup(const SmallGroup&) = delete;
    SmallGroup& operator=(const SmallGroup&) = delete;
    ~SmallGroup() { ::rmdir(path_.c_str()); }

    bool exists() const { return !path_.empty(); }
    void join() const { std::ofstream(path_ + "/cgroup.procs") << ::getpid() << std::flush; }

private:
    void make(const std::string& path, const char* limit, std::int64_t bytes) {
        if (::mkdir(path.c_str(), 0755) != 0) {
            return;
        }
        std::ofstream file(path + limit);
        if (file << bytes << std::flush) {
            path_ = path;
        } else {
            ::rmdir(path.c_str());
        }
    }
    std::string path_;
};

/// 0 when the kernel's kill was recognised.
int starve_a_child() {
    SupervisorOptions options = fake_options(1);
    Supervisor supervisor(std::move(options));
    supervisor.start();
    Assign work;
    work.attempt = 1;
    work.payload = "allocate 400;sleep 60000";
    supervisor.assign(0, work);
    const auto deadline = std::chrono::steady_clock::now() + 30s;
    while (std::chrono::steady_clock::now() < deadline) {
        for (const SlotMessage& message : supervisor.poll(20ms)) {
            if (const auto* lost = std::get_if<ChildLost>(&message.message)) {
                return lost->signal == SIGKILL && lost->out_of_memory == 1 ? 0 : 2;
            }
        }
    }
    return 3;
}

TEST(KernelMemoryKillsTest, ARealKillByTheKernelIsRecognised) {
    const SmallGroup group(64 << 20);
    if (!group.exists()) {
        GTEST_SKIP() << "no control group with a memory limit can be made here (needs root)";
    }
    const pid_t pid = ::fork();
    if (pid == 0) {
        group.join();
        ::_exit(starve_a_child());
    }
    int status = 0;
    ASSERT_EQ(::waitpid(pid, &status, 0), pid);
    ASSERT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 0) << "2: not recognised, 3: never killed";
}

}  // namespace
}  // namespace harrow::coordinator
