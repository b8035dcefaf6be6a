#include "coordinator/supervisor.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <string>
#include <thread>

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "coordinator/work.hpp"
#include "supervisor_fixture.hpp"

namespace harrow::coordinator {
namespace {

using namespace std::chrono_literals;

TEST_F(SupervisorTest, RunsUnitsOneAfterTheOtherInOneChild) {
    start(fake_options(1));
    const Ready ready = expect<Ready>();
    EXPECT_EQ(ready.device, "cpu");
    assign(1, "step 0;step 1;note a");
    assign(2, "note b");
    EXPECT_EQ(expect<Started>().unit, 1U);
    EXPECT_EQ(expect<Progress>().task, 0);
    EXPECT_EQ(expect<Progress>().step, 2U);
    EXPECT_EQ(notes_of(expect<Finished>()), std::vector<std::string>{"a"});
    EXPECT_EQ(expect<Started>().unit, 2U);
    EXPECT_EQ(notes_of(expect<Finished>()), std::vector<std::string>{"b"});
}

TEST_F(SupervisorTest, AUnitAssignedBeforeReadyWaits) {
    start(fake_options(1));
    assign(1, "note early");
    EXPECT_EQ(notes_of(expect<Finished>()), std::vector<std::string>{"early"});
}

TEST_F(SupervisorTest, ASegmentationFaultIsReportedWithItsLastLines) {
    start(fake_options(1));
    assign(1, "print about to fail;crash 11");
    assign(2, "note next");
    const ChildLost lost = expect<ChildLost>();
    EXPECT_EQ(lost.unit, 1U);
    EXPECT_EQ(lost.attempt, 1U);
    EXPECT_EQ(lost.signal, SIGSEGV);
    EXPECT_EQ(lost.reason, "killed by SIGSEGV");
    EXPECT_EQ(lost.stderr_tail, "about to fail");
    EXPECT_GT(lost.peak_rss_bytes, 0);
    // The fresh child carries on with what waited.
    EXPECT_EQ(notes_of(expect<Finished>()), std::vector<std::string>{"next"});
}

TEST_F(SupervisorTest, KillDashNineOfAChildIsNoticed) {
    start(fake_options(1));
    const Ready ready = expect<Ready>();
    assign(1, "sleep 60000");
    expect<Started>();
    ::kill(static_cast<pid_t>(ready.pid), SIGKILL);
    const ChildLost lost = expect<ChildLost>();
    EXPECT_EQ(lost.signal, SIGKILL);
    EXPECT_EQ(lost.unit, 1U);
    EXPECT_NE(expect<Ready>().pid, ready.pid);
}

TEST_F(SupervisorTest, ADeathBetweenUnitsNamesNoUnit) {
    start(fake_options(1));
    ::kill(static_cast<pid_t>(expect<Ready>().pid), SIGKILL);
    EXPECT_EQ(expect<ChildLost>().attempt, 0U);
    expect<Ready>();
}

TEST_F(SupervisorTest, AnExitCodeIsReported) {
    start(fake_options(1));
    assign(1, "exit 42");
    const ChildLost lost = expect<ChildLost>();
    EXPECT_EQ(lost.signal, 0);
    EXPECT_EQ(lost.exit_code, 42);
    EXPECT_EQ(lost.reason, "exit code 42");
}

TEST_F(SupervisorTest, NoisyOutputIsPassedOnAndOnlyItsEndIsKept) {
    SupervisorOptions options = fake_options(1);
    std::vector<std::string> lines;
    std::string key;
    options.log_sink = [&](const std::string&, const std::string& unit_key, std::string_view line) {
        lines.emplace_back(line);
        key = unit_key;
    };
    start(std::move(options));
    assign(5, "lines 20000;crash 6");
    const ChildLost lost = expect<ChildLost>();
    EXPECT_EQ(lost.signal, SIGABRT);
    EXPECT_EQ(lines.size(), 20000U);
    EXPECT_EQ(key, "key5");
    EXPECT_EQ(std::count(lost.stderr_tail.begin(), lost.stderr_tail.end(), '\n'), 199);
    EXPECT_EQ(lost.stderr_tail.substr(lost.stderr_tail.size() - 10), "line 19999");
}

TEST_F(SupervisorTest, LargeMessagesPassBothWays) {
    start(fake_options(1));
    assign(1, "note " + std::string(3 << 20, 'y') + ";big 3000000");
    const std::vector<std::string> notes = notes_of(expect<Finished>());
    ASSERT_EQ(notes.size(), 2U);
    EXPECT_EQ(notes[0].size(), std::size_t{3} << 20);
    EXPECT_EQ(notes[1].size(), 3000000U);
}

TEST_F(SupervisorTest, BytesThatAreNoFrameEndTheChildNotTheSupervisor) {
    start(fake_options(1));
    assign(1, "garbage");
    const ChildLost lost = expect<ChildLost>();
    EXPECT_EQ(lost.unit, 1U);
    EXPECT_NE(lost.reason.find("not a Harrow frame"), std::string::npos);
    expect<Ready>();
}

TEST_F(SupervisorTest, AReportAboutAUnitTheChildDoesNotHoldEndsIt) {
    start(fake_options(1));
    assign(1, "foreign");
    EXPECT_NE(expect<ChildLost>().reason.find("does not hold"), std::string::npos);
}

TEST_F(SupervisorTest, WithdrawReturnsOnlyWhatHasNotStarted) {
    start(fake_options(1));
    expect<Ready>();
    assign(1, "sleep 300");
    assign(2, "note b");
    supervisor_->withdraw(0, {1, 1});
    supervisor_->withdraw(0, {2, 1});
    EXPECT_EQ(expect<Returned>().unit, 2U);
    EXPECT_EQ(expect<Finished>().unit, 1U);
}

TEST_F(SupervisorTest, TheChildsEnvironmentIsItsOwn) {
    ::setenv("OMPI_COMM_WORLD_RANK", "0", 1);
    ::setenv("PMIX_RANK", "0", 1);
    ::setenv("PMI_SIZE", "2", 1);
    ::setenv("OMP_NUM_THREADS", "16", 1);
    ::setenv("CUDA_VISIBLE_DEVICES", "0,1,2,3", 1);
    SupervisorOptions options = fake_options(1);
    options.slots[0].visible_devices = "2";
    options.slots[0].threads = 3;
    start(std::move(options));
    assign(1, "env");
    const std::vector<std::string> environment = notes_of(expect<Finished>());
    for (const char* name : {"OMPI_COMM_WORLD_RANK",
                             "PMIX_RANK",
                             "PMI_SIZE",
                             "OMP_NUM_THREADS",
                             "CUDA_VISIBLE_DEVICES"}) {
        ::unsetenv(name);
    }
    const auto has = [&](const std::string& entry) {
        return std::find(environment.begin(), environment.end(), entry) != environment.end();
    };
    EXPECT_TRUE(has("OMP_NUM_THREADS=3"));
    EXPECT_TRUE(has("OPENBLAS_NUM_THREADS=3"));
    EXPECT_TRUE(has("OMP_WAIT_POLICY=passive"));
    EXPECT_TRUE(has("CUDA_VISIBLE_DEVICES=2"));
    for (const std::string& entry : environment) {
        EXPECT_NE(entry.substr(0, 5), "OMPI_");
        EXPECT_NE(entry.substr(0, 4), "PMIX");
        EXPECT_NE(entry.substr(0, 4), "PMI_");
        EXPECT_NE(entry, "OMP_NUM_THREADS=16");
    }
}

TEST_F(SupervisorTest, TheChildInheritsNoDescriptorsAndIgnoresSignals) {
    start(fake_options(1));
    assign(1, "descriptors;signals");
    const std::vector<std::string> notes = notes_of(expect<Finished>());
    EXPECT_EQ(notes.at(0), "0 1 2 3");
    EXPECT_EQ(notes.at(1), "iiii");
}

TEST_F(SupervisorTest, AMissingWorkerProgramIsAUsageError) {
    SupervisorOptions options = fake_options(1);
    options.worker_program = "/nonexistent/harrow-worker";
    try {
        start(std::move(options));
        FAIL() << "started";
    } catch (const sweeps::UsageError& error) {
        EXPECT_NE(std::string(error.what()).find("/nonexistent/harrow-worker"), std::string::npos);
    }
}

TEST(DecodeThreadsTest, AGpuGetsItsShareOfTheCoresAndACpuSlotItsOwnThreads) {
    SlotSpec slot;
    slot.threads = 3;
    EXPECT_EQ(decode_threads_of(slot, 4, 64), 3);
    slot.device = "cuda:0";
    EXPECT_EQ(decode_threads_of(slot, 4, 64), 16);
    EXPECT_EQ(decode_threads_of(slot, 8, 4), 1);
    EXPECT_EQ(decode_threads_of(slot, 1, 0), 1) << "the number of cores is not known";
    slot.decode_threads = 5;
    EXPECT_EQ(decode_threads_of(slot, 4, 64), 5);
}

}  // namespace
}  // namespace harrow::coordinator
