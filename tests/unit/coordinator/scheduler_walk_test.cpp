#include <deque>
#include <iterator>
#include <map>
#include <optional>
#include <random>
#include <set>

#include <gtest/gtest.h>
#include <signal.h>

#include "coordinator/scheduler.hpp"

namespace harrow::coordinator {
namespace {

// A small model of supervisors and network around the real scheduler: orders and reports travel in
// order per slot with random delay, children die, slots vanish, reports come twice; the user
// cancels and retries, the disk fills up, time runs short and estimates change.
class World {
public:
    World(std::uint32_t seed, std::size_t units, std::size_t slots)
        : random_(seed),
          scheduler_(make_units(units), devices(seed, slots), limits(seed)),
          slots_(slots) {
        for (std::size_t slot = 0; slot < slots; ++slot) {
            report(slot, SlotReady{slot});
        }
    }

    void walk(std::size_t steps) {
        for (std::size_t step = 0; step < steps; ++step) {
            random_step(true);
        }
    }

    // No more accidents: everything must end.
    void settle() {
        feed(DispatchPaused{false});
        feed(TimeLeft{});
        for (std::size_t step = 0; step < 200000 && !scheduler_.is_idle(); ++step) {
            random_step(false);
        }
        ASSERT_TRUE(scheduler_.is_idle()) << "it never ends";
        ASSERT_TRUE(scheduler_.all_ended() || scheduler_.live_slots() == 0);
        EXPECT_EQ(completed_.size(), scheduler_.finished());
        EXPECT_EQ(given_up_.size(), scheduler_.failed());
    }

    std::size_t events() const { return events_; }
    std::size_t finished() const { return scheduler_.finished(); }

private:
    struct SlotModel {
        bool gone = false, has_child = false;
        std::optional<AssignUnit> running;
        std::deque<AssignUnit> waiting;
        std::deque<SchedulerAction> orders;  // on the way to the slot
        std::deque<SchedulerEvent> reports;  // on the way to the scheduler
    };

    static SchedulerLimits limits(std::uint32_t seed) {
        SchedulerLimits result;
        result.max_lost_workers = 6;
        result.order = seed % 3 == 0   ? Order::File
                       : seed % 3 == 1 ? Order::Longest
                                       : Order::Breadth;
        return result;
    }

    // Every other world has GPUs that several slots share.
    static std::vector<std::size_t> devices(std::uint32_t seed, std::size_t slots) {
        std::vector<std::size_t> result;
        for (std::size_t slot = 0; slot < slots; ++slot) {
            result.push_back(seed % 2 == 0 ? slot : slot / 3);
        }
        return result;
    }

    std::vector<SchedulerUnit> make_units(std::size_t count) {
        std::vector<SchedulerUnit> units(count);
        for (std::size_t unit = 1; unit < count; ++unit) {
            for (std::size_t edges = below(3); edges > 0; --edges) {
                units[unit].depends_on.push_back(below(unit));
            }
            dependencies_.push_back(units[unit].depends_on);
        }
        for (SchedulerUnit& unit : units) {
            unit.expected_seconds = random_seconds();
            unit.share_to_checkpoint = below(2) == 0 ? 1.0 : 0.2;
            unit.seed_rank = static_cast<std::uint32_t>(below(3));
            unit.inputs.assign(below(2), static_cast<std::uint32_t>(below(3)));
        }
        return units;
    }

    std::size_t below(std::size_t bound) { return random_() % bound; }

    // Some units are so short that many queue at a slot.
    double random_seconds() {
        constexpr double kChoices[] = {1e-4, 1e-3, 0.05, 1.0, 1.05, 7.0, 60.0};
        return kChoices[below(std::size(kChoices))];
    }

    void report(std::size_t slot, SchedulerEvent event) {
        slots_[slot].reports.push_back(std::move(event));
    }

    void random_step(bool accidents) {
        const std::size_t slot = below(slots_.size());
        switch (below(accidents ? 14 : 8)) {
            case 0:
            case 1:
            case 2:
                deliver_report(slot);
                break;
            case 3:
            case 4:
                deliver_order(slot);
                break;
            case 5:
            case 6:
                end_running(slot, accidents);
                break;
            case 7:
                start_child(slot);
                break;
            case 8:
                if (below(4) == 0) {
                    lose_child(slot);
                }
                break;
            case 9:
                if (below(400) == 0) {
                    lose_slot(slot);
                }
                break;
            case 10:
                if (below(10) == 0) {
                    ask();
                }
                break;
            case 11:
                progress(slot);
                break;
            default:
                repeat_old_report();
                break;
        }
    }

    void ask() {
        const std::size_t unit = below(dependencies_.size() + 1);
        switch (below(5)) {
            case 0:
                wanted_.erase(unit);
                feed(CancelRequested{unit});
                if (below(2) == 0) {
                    break;
                }
                [[fallthrough]];  // what is being cancelled may not have ended yet
            case 1:
                wanted_.insert(unit);
                feed(RetryRequested{unit});
                EXPECT_EQ(given_up_.count(unit), 0U) << "asked for again and still given up";
                break;
            case 2:
                feed(DispatchPaused{below(3) == 0});
                break;
            case 3:
                feed(TimeLeft{below(3) == 0 ? 2.0 : 1e9});
                break;
            default:
                EstimatesChanged changed;
                for (std::size_t other = 0; other <= dependencies_.size(); ++other) {
                    changed.expected_seconds.push_back(random_seconds());
                }
                feed(changed);
                break;
        }
    }

    void progress(std::size_t index) {
        if (const auto& running = slots_[index].running) {
            report(index,
                   UnitProgressed{index,
                                  running->unit,
                                  running->attempt,
                                  static_cast<std::int64_t>(below(3)),
                                  static_cast<std::int64_t>(below(5))});
        }
    }

    void deliver_report(std::size_t slot) {
        if (slots_[slot].reports.empty()) {
            return;
        }
        const SchedulerEvent event = slots_[slot].reports.front();
        slots_[slot].reports.pop_front();
        feed(event);
        if (!std::holds_alternative<UnitReturned>(event) &&
            !std::holds_alternative<SlotReady>(event)) {
            history_.push_back(event);
        }
    }

    // Old reports about units (and losses with an old attempt) must have no effect on units.
    void repeat_old_report() {
        if (history_.empty()) {
            return;
        }
        const SchedulerEvent event = history_[below(history_.size())];
        if (std::holds_alternative<SlotChildLost>(event)) {
            return;  // would make a live slot look childless
        }
        const std::size_t finished = scheduler_.finished();
        const std::size_t failed = scheduler_.failed();
        feed(event);
        EXPECT_EQ(scheduler_.finished(), finished) << "a stale report counted";
        EXPECT_EQ(scheduler_.failed(), failed) << "a stale report counted";
    }

    void feed(const SchedulerEvent& event) {
        ++events_;
        for (const SchedulerAction& action : scheduler_.handle(event)) {
            if (const auto* assign = std::get_if<AssignUnit>(&action)) {
                check_dependencies(assign->unit);
                send(assign->slot, action);
            } else if (const auto* withdraw = std::get_if<WithdrawUnit>(&action)) {
                send(withdraw->slot, action);
            } else if (const auto* cancel = std::get_if<CancelUnit>(&action)) {
                send(cancel->slot, action);
            } else if (const auto* revive = std::get_if<Revive>(&action)) {
                EXPECT_EQ(given_up_.erase(revive->unit), 1U) << "revived without having failed";
            } else if (const auto* complete = std::get_if<Complete>(&action)) {
                EXPECT_TRUE(completed_.insert(complete->unit).second) << "completed twice";
            } else if (const auto* give_up = std::get_if<GiveUp>(&action)) {
                EXPECT_TRUE(given_up_.insert(give_up->unit).second) << "given up twice";
                EXPECT_FALSE(give_up->kind == FailureKind::Cancelled &&
                             wanted_.count(give_up->unit))
                    << "cancelled after it was asked for again";
            }
        }
        ASSERT_NO_THROW(scheduler_.check_invariants());
    }

    void check_dependencies(std::size_t unit) {
        if (unit > 0) {
            for (const std::size_t needed : dependencies_[unit - 1]) {
                EXPECT_EQ(completed_.count(needed), 1U) << "sent before what it needs";
            }
        }
    }

    void send(std::size_t slot, const SchedulerAction& order) {
        if (!slots_[slot].gone) {
            slots_[slot].orders.push_back(order);
        }
    }

    void deliver_order(std::size_t index) {
        SlotModel& slot = slots_[index];
        if (slot.orders.empty()) {
            return;
        }
        const SchedulerAction order = slot.orders.front();
        slot.orders.pop_front();
        if (const auto* assign = std::get_if<AssignUnit>(&order)) {
            slot.waiting.push_back(*assign);
            start_next(index);
            return;
        }
        if (const auto* cancel = std::get_if<CancelUnit>(&order)) {
            if (slot.running && slot.running->unit == cancel->unit &&
                slot.running->attempt == cancel->attempt) {
                executing_.erase(cancel->unit);
                slot.running.reset();
                report(
                    index,
                    UnitFailed{
                        index, cancel->unit, cancel->attempt, FailureKind::Cancelled, "cancelled"});
                start_next(index);
            }
            return;
        }
        const auto& withdraw = std::get<WithdrawUnit>(order);
        for (auto at = slot.waiting.begin(); at != slot.waiting.end(); ++at) {
            if (at->unit == withdraw.unit && at->attempt == withdraw.attempt) {
                slot.waiting.erase(at);
                report(index, UnitReturned{index, withdraw.unit, withdraw.attempt});
                return;
            }
        }
    }

    void start_next(std::size_t index) {
        SlotModel& slot = slots_[index];
        if (!slot.has_child || slot.running || slot.waiting.empty()) {
            return;
        }
        slot.running = slot.waiting.front();
        slot.waiting.pop_front();
        EXPECT_TRUE(executing_.insert(slot.running->unit).second) << "runs at two slots";
        report(index, UnitStarted{index, slot.running->unit, slot.running->attempt});
    }

    void start_child(std::size_t index) {
        SlotModel& slot = slots_[index];
        if (!slot.gone && !slot.has_child) {
            slot.has_child = true;
            report(index, SlotReady{index});
            start_next(index);
        }
    }

    void end_running(std::size_t index, bool accidents) {
        SlotModel& slot = slots_[index];
        if (!slot.running) {
            return;
        }
        const AssignUnit done = *slot.running;
        slot.running.reset();
        executing_.erase(done.unit);
        if (accidents && below(20) == 0) {
            report(index, UnitFailed{index, done.unit, done.attempt, random_failure(), "failed"});
        } else {
            report(index, UnitFinished{index, done.unit, done.attempt});
        }
        start_next(index);
    }

    FailureKind random_failure() {
        constexpr FailureKind kKinds[] = {FailureKind::Diverged,
                                          FailureKind::Storage,
                                          FailureKind::OutOfMemory,
                                          FailureKind::Stopped};
        return kKinds[below(std::size(kKinds))];
    }

    void lose_child(std::size_t index) {
        SlotModel& slot = slots_[index];
        if (!slot.has_child) {
            return;
        }
        SlotChildLost lost{
            index, 0, 0, below(2) == 0 ? SIGKILL : SIGSEGV, 0, "died", below(8) == 0};
        if (slot.running) {
            lost.unit = slot.running->unit;
            lost.attempt = slot.running->attempt;
            executing_.erase(slot.running->unit);
        }
        slot.running.reset();
        slot.has_child = false;
        report(index, lost);
    }

    void lose_slot(std::size_t index) {
        SlotModel& slot = slots_[index];
        if (slot.gone) {
            return;
        }
        if (slot.running) {
            executing_.erase(slot.running->unit);
        }
        slot = SlotModel();
        slot.gone = true;
        feed(SlotGone{index});
    }

    std::mt19937 random_;
    std::vector<std::vector<std::size_t>> dependencies_;  // of units 1, 2, …
    Scheduler scheduler_;
    std::vector<SlotModel> slots_;
    std::vector<SchedulerEvent> history_;
    std::set<std::size_t> completed_, given_up_, executing_;
    std::set<std::size_t> wanted_;  // asked for again, not cancelled since
    std::size_t events_ = 0;
};

TEST(SchedulerWalkTest, NothingRunsTwiceAndEverythingEnds) {
    std::size_t events = 0;
    std::size_t finished = 0;
    for (std::uint32_t seed = 0; seed < 150; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        World world(seed, 1 + seed % 60, 1 + seed % 7);
        world.walk(3000);
        world.settle();
        events += world.events();
        finished += world.finished();
        if (::testing::Test::HasFailure()) {
            return;
        }
    }
    EXPECT_GT(events, 10000U);
    EXPECT_GT(finished, 1000U);
}

}  // namespace
}  // namespace harrow::coordinator
