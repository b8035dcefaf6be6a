// What ends a child before its work is done, and what then becomes of its slot.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <thread>

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "supervisor_fixture.hpp"
#include "tests/support/temporary_directory.hpp"

namespace harrow::coordinator {
namespace {

using namespace std::chrono_literals;
using storage::testing::spill;
using storage::testing::TemporaryDirectory;

class SupervisorLimitsTest : public SupervisorTest {};

TEST_F(SupervisorLimitsTest, AHangIsEnded) {
    SupervisorOptions options = fake_options(1);
    options.hang_limit = 300ms;
    start(std::move(options));
    assign(1, "hang");
    const ChildLost lost = expect<ChildLost>();
    EXPECT_EQ(lost.reason, "hung: no step for 300 ms");
    EXPECT_EQ(lost.unit, 1U);
    expect<Ready>();
}

TEST_F(SupervisorLimitsTest, AHangKeepsWhatItSaidAndIsNoLackOfMemory) {
    SupervisorOptions options = fake_options(1);
    options.hang_limit = 100ms;
    start(std::move(options));
    assign(1, "print about to wait;hang");
    const ChildLost lost = expect<ChildLost>();
    EXPECT_EQ(lost.signal, SIGKILL);
    EXPECT_EQ(lost.stderr_tail, "about to wait");
    EXPECT_EQ(lost.out_of_memory, 0);
}

TEST_F(SupervisorLimitsTest, AChildBeyondItsMemoryIsEndedAndTheLimitNamed) {
    SupervisorOptions options = fake_options(1);
    options.max_rss_bytes = 64 << 20;
    options.memory_interval = 10ms;
    start(std::move(options));
    assign(1, "allocate 8;sleep 100;note small");
    expect<Finished>();
    assign(2, "print growing;allocate 200;sleep 60000");
    const ChildLost lost = expect<ChildLost>();
    EXPECT_EQ(lost.unit, 2U);
    EXPECT_EQ(lost.signal, SIGKILL);
    EXPECT_EQ(lost.out_of_memory, 1);
    EXPECT_NE(lost.reason.find("--max-rss allows 64 MiB"), std::string::npos) << lost.reason;
    EXPECT_EQ(lost.stderr_tail, "growing");
    EXPECT_GT(lost.peak_rss_bytes, 64 << 20);
    expect<Ready>();
}

TEST_F(SupervisorLimitsTest, AKillIsALackOfMemoryOnlyWhenTheKernelSaysSo) {
    const std::string events = ::testing::TempDir() + "memory.events";
    std::ofstream(events) << "low 0\noom 3\noom_kill 2\n";
    SupervisorOptions options = fake_options(1);
    options.memory_events = events;
    start(std::move(options));
    const Ready first = expect<Ready>();
    assign(1, "sleep 60000");
    expect<Started>();
    ::kill(static_cast<pid_t>(first.pid), SIGKILL);
    const ChildLost plain = expect<ChildLost>();
    EXPECT_EQ(plain.out_of_memory, 0);
    EXPECT_EQ(plain.reason, "killed by SIGKILL");
    const Ready second = expect<Ready>();
    assign(2, "sleep 60000");
    expect<Started>();
    std::ofstream(events) << "low 0\noom 4\noom_kill 3\n";
    ::kill(static_cast<pid_t>(second.pid), SIGKILL);
    const ChildLost starved = expect<ChildLost>();
    EXPECT_EQ(starved.out_of_memory, 1);
    EXPECT_NE(starved.reason.find("memory ran out"), std::string::npos);
    std::remove(events.c_str());
}

TEST_F(SupervisorLimitsTest, ASupervisorThatStoodStillDoesNotBlameItsChild) {
    SupervisorOptions options = fake_options(1);
    options.hang_limit = 6s;
    start(std::move(options));
    const auto child = static_cast<pid_t>(expect<Ready>().pid);
    assign(1, "sleep 400;note done");
    expect<Started>();
    ::kill(child, SIGSTOP);  // as Ctrl-Z does to both
    std::this_thread::sleep_for(6500ms);
    supervisor_->poll(1ms);
    ::kill(child, SIGCONT);
    EXPECT_EQ(notes_of(expect<Finished>()), std::vector<std::string>{"done"});
}

TEST_F(SupervisorLimitsTest, ACancelledUnitEndsAndItsChildStays) {
    start(fake_options(1));
    const Ready ready = expect<Ready>();
    assign(1, "sleep 60000");
    assign(2, "note waits");
    assign(3, "note next");
    expect<Started>();
    supervisor_->cancel(0, Cancel{2, 1});
    supervisor_->cancel(0, Cancel{1, 1});
    const Failed waiting = expect<Failed>();
    EXPECT_EQ(waiting.unit, 2U);
    EXPECT_EQ(waiting.kind, FailureKind::Cancelled);
    const Failed running = expect<Failed>();
    EXPECT_EQ(running.unit, 1U);
    EXPECT_EQ(running.kind, FailureKind::Cancelled);
    EXPECT_EQ(notes_of(expect<Finished>()), std::vector<std::string>{"next"});
    supervisor_->cancel(0, Cancel{3, 1});  // too late: nothing happens
    assign(4, "env");
    EXPECT_EQ(expect<Finished>().unit, 4U);
    EXPECT_TRUE(::kill(static_cast<pid_t>(ready.pid), 0) == 0) << "the same child";
}

TEST_F(SupervisorLimitsTest, ACancelledUnitThatDoesNotEndCostsItsChild) {
    SupervisorOptions options = fake_options(1, {"--deaf"});
    options.cancel_limit = 100ms;
    start(std::move(options));
    expect<Ready>();
    assign(1, "sleep 60000");
    expect<Started>();
    supervisor_->cancel(0, Cancel{1, 1});
    const Failed failed = expect<Failed>();
    EXPECT_EQ(failed.kind, FailureKind::Cancelled);
    EXPECT_EQ(expect<ChildLost>().attempt, 0U) << "the death costs no attempt";
    expect<Ready>();
}

TEST_F(SupervisorLimitsTest, AskedToStopItReturnsWhatWaitsAndReplacesNoChild) {
    start(fake_options(1));
    expect<Ready>();
    assign(1, "sleep 60000");
    assign(2, "note waits");
    expect<Started>();
    supervisor_->request_stop();
    EXPECT_EQ(expect<Returned>().unit, 2U);
    EXPECT_EQ(expect<Failed>().kind, FailureKind::Stopped);
    assign(3, "note late");
    EXPECT_EQ(expect<Returned>().unit, 3U);
    supervisor_->poll(200ms);
    EXPECT_FALSE(has_children());
}

TEST_F(SupervisorLimitsTest, SlowWorkThatStepsIsNoHang) {
    SupervisorOptions options = fake_options(1);
    options.hang_limit = 1300ms;
    start(std::move(options));
    assign(1, "sleep 1800;note done");
    EXPECT_EQ(notes_of(expect<Finished>()), std::vector<std::string>{"done"});
}

TEST_F(SupervisorLimitsTest, AWorkerThatDiesBeforeItIsReadyQuarantinesItsSlot) {
    start(fake_options(1, {"--die-early"}));
    const Quarantined quarantined = expect<Quarantined>();
    EXPECT_NE(quarantined.reason.find("test/0"), std::string::npos);
    EXPECT_NE(quarantined.reason.find("3 times"), std::string::npos);
    EXPECT_NE(quarantined.reason.find("exit code 7"), std::string::npos);
    EXPECT_NE(quarantined.reason.find("cannot load the library"), std::string::npos);
    assign(1, "note too late");  // vanishes
    EXPECT_FALSE(has_children());
}

TEST_F(SupervisorLimitsTest, AChildThatDoesNotDieCostsItsSlotNotTheRun) {
    SupervisorOptions options = fake_options(1);
    options.hang_limit = 1000ms;
    options.unkillable_limit = 300ms;
    start(std::move(options));
    const Ready ready = expect<Ready>();
    assign(1, "undying 3000");
    const ChildLost lost = expect<ChildLost>();
    EXPECT_EQ(lost.unit, 1U);
    EXPECT_NE(lost.reason.find("hung"), std::string::npos) << lost.reason;
    EXPECT_NE(lost.reason.find("after SIGKILL"), std::string::npos) << lost.reason;
    EXPECT_NE(expect<Quarantined>().reason.find(std::to_string(ready.pid)), std::string::npos);
    supervisor_.reset();  // waits for nobody
    EXPECT_EQ(::waitpid(static_cast<pid_t>(ready.pid), nullptr, WNOHANG), 0) << "it still lives";
    EXPECT_EQ(::waitpid(static_cast<pid_t>(ready.pid), nullptr, 0), ready.pid);
}

TEST_F(SupervisorLimitsTest, AWorkerThatCannotBeStartedIsTriedAgain) {
    const TemporaryDirectory directory;
    const std::filesystem::path program = directory / "worker";
    spill(program, "no program");
    std::filesystem::permissions(program, std::filesystem::perms::owner_all);
    SupervisorOptions options = fake_options(1);
    options.worker_program = program.string();
    options.start_pause = 20ms;
    options.quarantine_after = 1000;
    start(std::move(options));
    assign(1, "note after all");
    supervisor_->poll(100ms);
    EXPECT_FALSE(has_children());
    std::filesystem::create_symlink(HARROW_FAKE_WORKER, directory / "link");
    std::filesystem::rename(directory / "link", program);
    EXPECT_EQ(notes_of(expect<Finished>()), std::vector<std::string>{"after all"});
}

TEST_F(SupervisorLimitsTest, AWorkerThatCanNeverBeStartedQuarantinesItsSlot) {
    const TemporaryDirectory directory;
    spill(directory / "worker", "no program");
    std::filesystem::permissions(directory / "worker", std::filesystem::perms::owner_all);
    SupervisorOptions options = fake_options(1);
    options.worker_program = (directory / "worker").string();
    options.start_pause = 1ms;
    start(std::move(options));
    EXPECT_NE(expect<Quarantined>().reason.find("3 starts failed"), std::string::npos);
}

TEST_F(SupervisorLimitsTest, AWorkerThatIsNeverReadyCountsAsDead) {
    SupervisorOptions options = fake_options(1, {"--never-ready"});
    options.ready_limit = 100ms;
    options.quarantine_after = 2;
    start(std::move(options));
    EXPECT_NE(expect<Quarantined>().reason.find("not ready after 100 ms"), std::string::npos);
}

TEST_F(SupervisorLimitsTest, AnotherBuildIsRefusedAndBothAreNamed) {
    start(fake_options(1, {"--build", "other-build"}));
    const Quarantined quarantined = expect<Quarantined>();
    EXPECT_NE(quarantined.reason.find("other-build"), std::string::npos);
    EXPECT_NE(quarantined.reason.find("test-build"), std::string::npos);
}

TEST_F(SupervisorLimitsTest, StopEndsWorkBetweenStepsAndLeavesNoChild) {
    start(fake_options(1));
    assign(1, "step 0;sleep 60000");
    expect<Progress>();
    supervisor_->stop(10s);
    EXPECT_EQ(expect<Failed>().kind, FailureKind::Stopped);
    EXPECT_FALSE(has_children());
}

TEST_F(SupervisorLimitsTest, StopKillsWhatDoesNotListen) {
    start(fake_options(1, {"--deaf"}));
    assign(1, "sleep 60000");
    expect<Started>();
    supervisor_->stop(100ms);
    EXPECT_FALSE(has_children());
}

TEST_F(SupervisorLimitsTest, ItsEndLeavesNoChild) {
    start(fake_options(1, {"--deaf"}));
    expect<Ready>();
    supervisor_.reset();
    EXPECT_FALSE(has_children());
}

// True once the process is gone or a zombie nobody waits for.
bool has_ended(pid_t pid) {
    std::ifstream status("/proc/" + std::to_string(pid) + "/stat");
    std::string id;
    std::string name;
    std::string state;
    return !(status >> id >> name >> state) || state == "Z" || state == "X";
}

TEST_F(SupervisorLimitsTest, AKilledSupervisorTakesItsChildrenAlong) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const pid_t other = ::fork();
    ASSERT_GE(other, 0);
    if (other == 0) {
        Supervisor supervisor(fake_options(1));
        supervisor.start();
        Assign work;
        work.attempt = 1;
        work.payload = "hang";  // it will not notice that its socket is closed
        supervisor.assign(0, work);
        pid_t pid = 0;
        while (true) {
            for (const SlotMessage& message : supervisor.poll(10ms)) {
                if (const auto* ready = std::get_if<Ready>(&message.message)) {
                    pid = static_cast<pid_t>(ready->pid);
                } else if (std::holds_alternative<Started>(message.message)) {
                    (void)!::write(ends[1], &pid, sizeof(pid));
                }
            }
        }
    }
    pid_t worker = 0;
    ASSERT_EQ(::read(ends[0], &worker, sizeof(worker)), static_cast<ssize_t>(sizeof(worker)));
    ::close(ends[0]);
    ::close(ends[1]);
    EXPECT_FALSE(has_ended(worker));
    ::kill(other, SIGKILL);
    ::waitpid(other, nullptr, 0);
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    while (!has_ended(worker) && std::chrono::steady_clock::now() < deadline) {
        std::this_thread::sleep_for(5ms);
    }
    EXPECT_TRUE(has_ended(worker));
}

}  // namespace
}  // namespace harrow::coordinator
