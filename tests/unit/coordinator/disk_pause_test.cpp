#include "coordinator/disk_pause.hpp"

#include <gtest/gtest.h>

namespace harrow::coordinator {
namespace {

using namespace std::chrono_literals;

class Disk : public RunObserver {
public:
    void finished(std::size_t, int, const SlotPlace&, const WorkResult&) override {}
    void failed(const UnitFailure&) override {}
    bool has_room() override { return room; }
    bool room = false;
};

class DiskPauseTest : public ::testing::Test {
protected:
    DiskPauseTest() {
        limits_.disk_retry = 10s;
        limits_.disk_wait = 600s;
    }
    /// From `begin` for a minute workers find no room; whether the run gives up meanwhile.
    bool short_pause(std::chrono::seconds begin) {
        disk_.room = false;
        EXPECT_TRUE(pause_.worker_ran_out("no space left", begin_ + begin));
        const bool gave_up = pause_.gave_up(begin_ + begin + 59s);
        disk_.room = true;
        EXPECT_TRUE(pause_.room_returned(begin_ + begin + 60s));
        return gave_up;
    }

    Disk disk_;
    RunLimits limits_;
    DiskPause pause_{disk_, limits_};
    const DiskPause::Clock::time_point begin_ = DiskPause::Clock::now();
};

TEST_F(DiskPauseTest, AShortPauseLongAfterAnotherOneIsANewOne) {
    EXPECT_FALSE(short_pause(0s));
    EXPECT_FALSE(short_pause(3600s));
}

TEST_F(DiskPauseTest, PausesThatFollowEachOtherWithoutSuccessAreOne) {
    bool gave_up = false;
    for (int number = 0; number < 10; ++number) {
        gave_up = short_pause(number * 70s);
    }
    EXPECT_TRUE(gave_up) << "has_room() is wrong: no worker can write";
}

TEST_F(DiskPauseTest, ASuccessEndsTheCount) {
    for (int number = 0; number < 20; ++number) {
        EXPECT_FALSE(short_pause(number * 70s));
        pause_.note_success();
    }
}

}  // namespace
}  // namespace harrow::coordinator
