// The program itself, spoken to as a supervisor would.
#include <chrono>
#include <optional>
#include <string>
#include <variant>

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include "coordinator/child_process.hpp"
#include "coordinator/wire.hpp"
#include "storage/run_directory.hpp"
#include "tests/unit/worker/pipeline_fixture.hpp"

namespace harrow::worker {
namespace {

using namespace coordinator;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kLimit{60};

class WorkerLoopTest : public PipelineTest {
protected:
    void start() {
        child_.emplace(
            ChildSpec{HARROW_WORKER, {}, child_environment(process_environment(), 1, "")});
        decoder_ = FrameDecoder();
        Hello hello;
        hello.slot = "test";
        hello.cache_root = cache().string();
        hello.device = "cpu";
        send(hello);
        expect<Ready>();
    }
    void send(const ToWorkerMessage& message) {
        const std::string frame = encode(message);
        ASSERT_EQ(::send(child_->socket(), frame.data(), frame.size(), MSG_NOSIGNAL),
                  static_cast<ssize_t>(frame.size()));
    }
    void assign(std::uint32_t unit, std::uint32_t attempt, const TrainingWork& work) {
        send(Assign{unit, attempt, UnitKind::Train, work.training_key, to_json(work)});
    }
    /// The next message of type M, others are dropped. Fails the test when none comes in time.
    template <typename M>
    M expect() {
        const Clock::time_point end = Clock::now() + kLimit;
        while (Clock::now() < end) {
            while (const std::optional<Frame> frame = decoder_.next()) {
                const FromWorkerMessage message = decode_from_worker(*frame);
                if (const M* found = std::get_if<M>(&message)) {
                    return *found;
                }
            }
            pollfd ready{child_->socket(), POLLIN, 0};
            ::poll(&ready, 1, 100);
            char bytes[65536];
            const ssize_t count = ::recv(child_->socket(), bytes, sizeof(bytes), 0);
            if (count == 0) {
                break;
            }
            if (count > 0) {
                decoder_.feed({bytes, static_cast<std::size_t>(count)});
            }
        }
        ADD_FAILURE() << "the expected message did not come";
        return M{};
    }
    int exit_code() {
        const Clock::time_point end = Clock::now() + kLimit;
        while (Clock::now() < end) {
            if (const std::optional<ChildExit> exit = child_->try_reap()) {
                return exit->signal == 0 ? exit->exit_code : -exit->signal;
            }
            ::poll(nullptr, 0, 10);
        }
        return -1000;
    }
    /// Waits until an epoch is done.
    void expect_epoch() {
        while (expect<Progress>().epoch == 0 && !HasFailure()) {
        }
    }

    std::optional<ChildProcess> child_;
    FrameDecoder decoder_;
};

TEST_F(WorkerLoopTest, StopPublishesAndCancelKeepsNothingButTheProcess) {
    sweeps::TrialConfig config = tiny_config("moleflow");
    config.train.num_epochs = 5000;
    const TrainingWork endless = training_work("endless", config);
    const fs::path checkpoints = storage::training_checkpoints(endless.directory);
    start();
    assign(1, 1, endless);
    expect_epoch();
    send(Stop{});
    const Checkpointed published = expect<Checkpointed>();
    EXPECT_EQ(published.unit, 1U);
    EXPECT_EQ(published.attempt, 1U);
    EXPECT_GE(published.epoch, 1);
    EXPECT_EQ(published.bytes,
              static_cast<std::int64_t>(fs::file_size(files_under(checkpoints).at(0))));
    EXPECT_EQ(expect<Failed>().kind, FailureKind::Stopped);
    EXPECT_EQ(exit_code(), 0);

    start();
    assign(1, 2, endless);
    const Resumed resumed = expect<Resumed>();
    EXPECT_EQ(resumed.attempt, 2U);
    EXPECT_EQ(resumed.task, published.task);
    EXPECT_EQ(resumed.epoch, published.epoch);
    expect_epoch();
    send(Cancel{1, 1});  // an attempt of the past is nobody's business
    send(Cancel{1, 2});
    EXPECT_EQ(expect<Failed>().kind, FailureKind::Cancelled);
    EXPECT_FALSE(fs::exists(checkpoints));

    config.train.num_epochs = 1;
    assign(2, 1, training_work("short", config));
    EXPECT_EQ(expect<Finished>().unit, 2U);
    send(Stop{});
    EXPECT_EQ(exit_code(), 0);
}

}  // namespace
}  // namespace harrow::worker
