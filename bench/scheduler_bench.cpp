#include <cstddef>
#include <variant>
#include <vector>

#include <benchmark/benchmark.h>

#include "coordinator/scheduler.hpp"

namespace harrow::coordinator {
namespace {

/// Runs every unit to its end on ideal slots; answers how many were completed.
std::size_t run_all(Scheduler& scheduler, std::size_t slots) {
    std::vector<SchedulerAction> inbox;
    for (std::size_t slot = 0; slot < slots; ++slot) {
        const auto actions = scheduler.handle(SlotReady{slot});
        inbox.insert(inbox.end(), actions.begin(), actions.end());
    }
    while (!inbox.empty()) {
        std::vector<SchedulerAction> next;
        for (const SchedulerAction& action : inbox) {
            if (const auto* work = std::get_if<AssignUnit>(&action)) {
                for (const SchedulerEvent& event :
                     {SchedulerEvent(UnitStarted{work->slot, work->unit, work->attempt}),
                      SchedulerEvent(UnitFinished{work->slot, work->unit, work->attempt})}) {
                    const auto actions = scheduler.handle(event);
                    next.insert(next.end(), actions.begin(), actions.end());
                }
            } else if (const auto* back = std::get_if<WithdrawUnit>(&action)) {
                const auto actions =
                    scheduler.handle(UnitReturned{back->slot, back->unit, back->attempt});
                next.insert(next.end(), actions.begin(), actions.end());
            }
        }
        inbox = std::move(next);
    }
    return scheduler.finished();
}

/// state.range(0) units on state.range(1) slots; every tenth unit is an extraction the next nine
/// need.
void dispatch_units(benchmark::State& state) {
    std::vector<SchedulerUnit> units(static_cast<std::size_t>(state.range(0)));
    for (std::size_t unit = 0; unit < units.size(); ++unit) {
        if (unit % 10 != 0) {
            units[unit].depends_on = {unit - unit % 10};
        }
    }
    for (auto _ : state) {
        Scheduler scheduler(units, static_cast<std::size_t>(state.range(1)));
        if (run_all(scheduler, static_cast<std::size_t>(state.range(1))) != units.size()) {
            state.SkipWithError("not every unit was completed");
        }
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(dispatch_units)
    ->Args({1000, 2})
    ->Args({100000, 64})
    ->Args({100000, 1000})
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace harrow::coordinator
