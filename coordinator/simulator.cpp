#include "coordinator/simulator.hpp"

#include <algorithm>
#include <deque>
#include <optional>
#include <queue>
#include <stdexcept>
#include <tuple>
#include <utility>

#include "coordinator/scheduler.hpp"

namespace harrow::coordinator {
namespace {

/// Slots as the scheduler sees them, without processes.
class World {
public:
    World(const std::vector<SchedulerUnit>& units, std::size_t slots, Order order)
        : units_(units), scheduler_(units, slots, limits(order)), slots_(slots) {}

    double run() {
        for (std::size_t slot = 0; slot < slots_.size(); ++slot) {
            tell(SlotReady{slot});
        }
        while (!ends_.empty()) {
            const End end = ends_.top();
            ends_.pop();
            now_ = end.time;
            slots_[end.work.slot].busy = false;
            // The next one starts before the coordinator hears of the end.
            start_next(end.work.slot);
            tell(UnitFinished{end.work.slot, end.work.unit, end.work.attempt});
        }
        if (!scheduler_.all_ended()) {
            throw std::logic_error("the simulated run stopped before its end");
        }
        return now_;
    }

private:
    struct End {
        double time = 0;
        std::size_t order = 0;
        AssignUnit work;

        bool operator>(const End& other) const {
            return std::tie(time, order) > std::tie(other.time, other.order);
        }
    };
    struct SlotModel {
        bool busy = false;
        std::deque<AssignUnit> waiting;
    };

    static SchedulerLimits limits(Order order) {
        SchedulerLimits result;
        result.order = order;
        return result;
    }

    void tell(const SchedulerEvent& event) {
        events_.push_back(event);
        if (telling_) {
            return;
        }
        telling_ = true;
        while (!events_.empty()) {
            const SchedulerEvent next = std::move(events_.front());
            events_.pop_front();
            for (const SchedulerAction& action : scheduler_.handle(next)) {
                obey(action);
            }
        }
        telling_ = false;
    }

    void obey(const SchedulerAction& action) {
        if (const auto* assign = std::get_if<AssignUnit>(&action)) {
            slots_[assign->slot].waiting.push_back(*assign);
            start_next(assign->slot);
        } else if (const auto* withdraw = std::get_if<WithdrawUnit>(&action)) {
            std::deque<AssignUnit>& waiting = slots_[withdraw->slot].waiting;
            const auto found = std::find_if(waiting.begin(), waiting.end(), [&](const auto& work) {
                return work.unit == withdraw->unit && work.attempt == withdraw->attempt;
            });
            if (found != waiting.end()) {
                waiting.erase(found);
                tell(UnitReturned{withdraw->slot, withdraw->unit, withdraw->attempt});
            }
        }
    }

    void start_next(std::size_t index) {
        SlotModel& slot = slots_[index];
        if (slot.busy || slot.waiting.empty()) {
            return;
        }
        const AssignUnit work = slot.waiting.front();
        slot.waiting.pop_front();
        slot.busy = true;
        ends_.push({now_ + units_[work.unit].expected_seconds, started_++, work});
        tell(UnitStarted{index, work.unit, work.attempt});
    }

    const std::vector<SchedulerUnit>& units_;
    Scheduler scheduler_;
    std::vector<SlotModel> slots_;
    std::deque<SchedulerEvent> events_;
    bool telling_ = false;
    std::priority_queue<End, std::vector<End>, std::greater<>> ends_;
    std::size_t started_ = 0;
    double now_ = 0;
};

/// The longest chain of units each of which needs the one before it.
double longest_chain(const std::vector<SchedulerUnit>& units) {
    std::vector<std::size_t> unmet(units.size());
    std::vector<std::vector<std::size_t>> dependants(units.size());
    std::vector<double> end(units.size());
    std::vector<std::size_t> open;
    for (std::size_t unit = 0; unit < units.size(); ++unit) {
        unmet[unit] = units[unit].depends_on.size();
        for (const std::size_t needed : units[unit].depends_on) {
            dependants[needed].push_back(unit);
        }
        if (unmet[unit] == 0) {
            open.push_back(unit);
        }
    }
    double longest = 0;
    for (std::size_t next = 0; next < open.size(); ++next) {
        const std::size_t unit = open[next];
        end[unit] += units[unit].expected_seconds;
        longest = std::max(longest, end[unit]);
        for (const std::size_t dependant : dependants[unit]) {
            end[dependant] = std::max(end[dependant], end[unit]);
            if (--unmet[dependant] == 0) {
                open.push_back(dependant);
            }
        }
    }
    return longest;
}

}  // namespace

Simulation simulate(const std::vector<SchedulerUnit>& units, std::size_t slots, Order order) {
    if (slots == 0) {
        throw std::invalid_argument("a simulation needs at least one slot");
    }
    Simulation result;
    result.slots = slots;
    result.units = units.size();
    double total = 0;
    for (const SchedulerUnit& unit : units) {
        total += unit.expected_seconds;
    }
    result.makespan_s = World(units, slots, order).run();
    result.bound_s = std::max(total / static_cast<double>(slots), longest_chain(units));
    const double slot_seconds = static_cast<double>(slots) * result.makespan_s;
    result.slot_hours = slot_seconds / 3600.0;
    result.utilisation = slot_seconds > 0 ? total / slot_seconds : 1.0;
    return result;
}

}  // namespace harrow::coordinator
