#include "coordinator/run_end.hpp"

#include <gtest/gtest.h>

namespace harrow::coordinator {
namespace {

using namespace std::chrono_literals;
using Phase = RunEnd::Phase;

class RunEndTest : public ::testing::Test {
protected:
    /// After `seconds` of the run.
    Phase at(double seconds, StopLevel asked = StopLevel::Run) {
        if (!end_) {
            end_.emplace(limits_, wall_);
        }
        const auto passed = std::chrono::milliseconds(static_cast<long>(seconds * 1000));
        return end_->update(asked, begin_ + passed, wall_ + passed);
    }

    RunLimits limits_;
    std::optional<RunEnd> end_;
    RunEnd::Clock::time_point begin_ = RunEnd::Clock::now();
    RunEnd::WallClock::time_point wall_ = RunEnd::WallClock::now();
};

TEST_F(RunEndTest, ASignalStopsChildrenAtOnceAndLeavesAfterTheGrace) {
    limits_.stop_grace = 60s;
    EXPECT_EQ(at(5), Phase::Run);
    EXPECT_EQ(at(6, StopLevel::Drain), Phase::StopChildren);
    EXPECT_EQ(at(65, StopLevel::Drain), Phase::StopChildren);
    EXPECT_EQ(at(66, StopLevel::Drain), Phase::Leave);
    EXPECT_EQ(end_->cause(), StopCause::Signal);
}

TEST_F(RunEndTest, DrainTimeComesFirst) {
    limits_.drain = 10s;
    EXPECT_EQ(at(5, StopLevel::Drain), Phase::Drain);
    EXPECT_EQ(at(14, StopLevel::Drain), Phase::Drain);
    EXPECT_EQ(at(15, StopLevel::Drain), Phase::StopChildren);
}

TEST_F(RunEndTest, ASecondSignalLeavesFromAnywhere) {
    limits_.drain = 10s;
    EXPECT_EQ(at(5, StopLevel::Drain), Phase::Drain);
    EXPECT_EQ(at(6, StopLevel::Now), Phase::Leave);
    EXPECT_EQ(end_->cause(), StopCause::Now);
}

TEST_F(RunEndTest, AnEndTimeLeavesAMinuteForCheckpoints) {
    limits_.end_time = wall_ + 3600s;
    limits_.drain = 300s;
    EXPECT_EQ(at(3239), Phase::Run);
    EXPECT_EQ(at(3240), Phase::Drain);
    EXPECT_EQ(end_->cause(), StopCause::TimeLimit);
    EXPECT_EQ(at(3539), Phase::Drain);
    EXPECT_EQ(at(3540), Phase::StopChildren);
}

TEST_F(RunEndTest, ADrainLongerThanTheTimeThereIsTakesHalfOfIt) {
    limits_.end_time = wall_ + 1000s;
    limits_.drain = 3600s;
    EXPECT_EQ(at(0), Phase::Run);
    EXPECT_EQ(at(439), Phase::Run);
    EXPECT_EQ(at(440), Phase::Drain);
    EXPECT_EQ(at(939), Phase::Drain);
    EXPECT_EQ(at(940), Phase::StopChildren);
}

TEST_F(RunEndTest, OfAShortTimeATenthIsLeft) {
    limits_.end_time = wall_ + 50s;
    EXPECT_EQ(at(44.9), Phase::Run);
    EXPECT_EQ(at(45), Phase::StopChildren);
}

TEST_F(RunEndTest, AnEndTimeThatHasPassedStopsAtOnce) {
    limits_.end_time = wall_ - 5s;
    EXPECT_EQ(at(0), Phase::StopChildren);
}

}  // namespace
}  // namespace harrow::coordinator
