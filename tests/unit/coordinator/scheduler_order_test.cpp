#include <algorithm>
#include <numeric>

#include <gtest/gtest.h>
#include <signal.h>

#include "tests/unit/coordinator/scheduler_driver.hpp"

namespace harrow::coordinator {
namespace {

SchedulerUnit unit_of(double seconds,
                      std::uint32_t rank = 0,
                      std::vector<std::size_t> needs = {},
                      std::vector<std::uint32_t> inputs = {}) {
    SchedulerUnit unit;
    unit.depends_on = std::move(needs);
    unit.expected_seconds = seconds;
    unit.seed_rank = rank;
    unit.inputs = std::move(inputs);
    return unit;
}

SchedulerLimits ordered(Order order) {
    SchedulerLimits limits;
    limits.order = order;
    return limits;
}

// Units in the order in which one slot runs them, each to its end.
std::vector<std::size_t> run_on_one_slot(Driver& drive) {
    std::vector<std::size_t> order;
    std::vector<AssignUnit> queue = only<AssignUnit>(drive(SlotReady{0}));
    for (std::size_t next = 0; next < queue.size(); ++next) {
        order.push_back(queue[next].unit);
        drive.start(queue[next]);
        for (const AssignUnit& more :
             only<AssignUnit>(drive(UnitFinished{0, queue[next].unit, queue[next].attempt}))) {
            queue.push_back(more);
        }
    }
    return order;
}

TEST(SchedulerOrderTest, BreadthGivesEveryCellItsFirstSeedsAndLongOnesFirst) {
    Driver drive({unit_of(1, 1), unit_of(5, 0), unit_of(2, 0), unit_of(9, 1), unit_of(7, 0)}, 1);
    EXPECT_EQ(run_on_one_slot(drive), (std::vector<std::size_t>{4, 1, 2, 3, 0}));
}

TEST(SchedulerOrderTest, LongestLooksAtCostsAlone) {
    Driver drive({unit_of(1, 1), unit_of(5, 0), unit_of(2, 0), unit_of(9, 1), unit_of(7, 0)},
                 1,
                 ordered(Order::Longest));
    EXPECT_EQ(run_on_one_slot(drive), (std::vector<std::size_t>{3, 4, 1, 2, 0}));
}

TEST(SchedulerOrderTest, FileKeepsTheNumbers) {
    Driver drive(
        {unit_of(1, 1), unit_of(5, 0), unit_of(2, 0), unit_of(9, 1)}, 1, ordered(Order::File));
    EXPECT_EQ(run_on_one_slot(drive), (std::vector<std::size_t>{0, 1, 2, 3}));
}

TEST(SchedulerOrderTest, AnExtractionHasTheRankOfTheBestThatWaitsForIt) {
    // 0 serves a late cheap unit, 1 an early dear one, 2 the same and two more.
    Driver drive({unit_of(0.1),
                  unit_of(0.1),
                  unit_of(0.1),
                  unit_of(1, 3, {0}),
                  unit_of(9, 0, {1, 2}),
                  unit_of(1, 2, {2}),
                  unit_of(8, 0)},
                 1);
    // 6 is queued behind 1 before 1 lets 4 run.
    EXPECT_EQ(run_on_one_slot(drive), (std::vector<std::size_t>{2, 1, 6, 4, 5, 0, 3}));
}

TEST(SchedulerOrderTest, ASlotPrefersWhatItHoldsAmongEquals) {
    std::vector<SchedulerUnit> units;
    for (std::uint32_t index = 0; index < 8; ++index) {
        units.push_back(unit_of(10, 0, {}, {index % 2, 2 + index % 2}));
    }
    Driver drive(units, 1);
    EXPECT_EQ(run_on_one_slot(drive), (std::vector<std::size_t>{0, 2, 4, 6, 1, 3, 5, 7}));
}

TEST(SchedulerOrderTest, AffinityNeverStarvesTheUnitWhoseTurnItIs) {
    std::vector<SchedulerUnit> units = {unit_of(10, 0, {}, {7}), unit_of(10, 0, {}, {9})};
    for (int index = 0; index < 100; ++index) {
        units.push_back(unit_of(10, 0, {}, {7}));
    }
    Driver drive(units, 1);
    const std::vector<std::size_t> order = run_on_one_slot(drive);
    const auto turn = std::find(order.begin(), order.end(), std::size_t{1});
    EXPECT_GT(turn - order.begin(), 1);
    EXPECT_LT(turn - order.begin(), 12);
}

TEST(SchedulerOrderTest, AffinityDoesNotReachAcrossSeedsOrCosts) {
    Driver drive({unit_of(10, 0, {}, {1}),
                  unit_of(10, 0, {}, {2}),
                  unit_of(10, 1, {}, {1}),
                  unit_of(8, 0, {}, {1})},
                 1);
    EXPECT_EQ(run_on_one_slot(drive), (std::vector<std::size_t>{0, 1, 3, 2}));
}

TEST(SchedulerOrderTest, NewEstimatesReorderWhatWaits) {
    Driver drive({unit_of(5), unit_of(4), unit_of(3), unit_of(2)}, 1);
    drive(SlotReady{0});  // takes 0 and 1
    drive(EstimatesChanged{{5, 4, 3, 30}});
    drive.start({0, 0, 1});
    const auto next = only<AssignUnit>(drive(UnitFinished{0, 0, 1}));
    ASSERT_EQ(next.size(), 1U);
    EXPECT_EQ(next[0].unit, 3U);
}

TEST(SchedulerOrderTest, AQueueHoldsFiveMillisecondsOfWork) {
    const std::pair<double, std::size_t> cases[] = {{1.0, 2}, {2.5e-3, 3}, {1e-3, 6}, {1e-6, 64}};
    for (const auto& [seconds, held] : cases) {
        Driver drive(std::vector<SchedulerUnit>(200, unit_of(seconds)), 1);
        EXPECT_EQ(only<AssignUnit>(drive(SlotReady{0})).size(), held) << seconds;
    }
}

TEST(SchedulerOrderTest, FewUnitsAreSpreadEvenly) {
    Driver drive(std::vector<SchedulerUnit>(9, unit_of(1e-4)), 3);
    drive(SlotReady{0});
    drive(SlotReady{1});
    const auto back = only<WithdrawUnit>(drive(SlotReady{2}));
    EXPECT_FALSE(back.empty());  // slot 0 had taken all nine
}

TEST(SchedulerOrderTest, LongWorkDoesNotWaitBehindLongerWork) {
    // 1 waits behind 0 (100 s) while slot 1 works its way down to much shorter units.
    std::vector<SchedulerUnit> units = {unit_of(100), unit_of(60), unit_of(50), unit_of(40)};
    for (int index = 0; index < 20; ++index) {
        units.push_back(unit_of(5));
    }
    Driver drive(units, 2);
    const auto first = only<AssignUnit>(drive(SlotReady{0}));
    ASSERT_EQ(first.size(), 2U);
    drive.start(first[0]);
    const auto actions = drive(SlotReady{1});
    ASSERT_EQ(only<AssignUnit>(actions).size(), 1U);
    EXPECT_EQ(only<AssignUnit>(actions)[0].unit, 2U);
    const auto back = only<WithdrawUnit>(actions);  // 60 s are better next than 40 s
    ASSERT_EQ(back.size(), 1U);
    EXPECT_EQ(back[0].unit, 1U);
    const auto again = only<AssignUnit>(drive(UnitReturned{0, 1, 1}));
    ASSERT_EQ(again.size(), 2U);
    EXPECT_EQ(again[0].slot, 1U);
    EXPECT_EQ(again[0].unit, 1U);
    EXPECT_EQ(again[1].slot, 0U);
    EXPECT_EQ(again[1].unit, 3U);
}

}  // namespace
}  // namespace harrow::coordinator
