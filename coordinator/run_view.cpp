#include "coordinator/run_view.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace harrow::coordinator {
namespace {

double seconds_between(RunView::Clock::time_point from, RunView::Clock::time_point to) {
    return std::chrono::duration<double>(to - from).count();
}

// Share of a unit that is done, in [0, 1]; 0 when the worker does not say.
double share_done(const Progress& progress) {
    if (progress.images_total > 0) {
        return std::clamp(
            static_cast<double>(progress.images) / static_cast<double>(progress.images_total),
            0.0,
            1.0);
    }
    if (progress.tasks <= 0) {
        return 0.0;
    }
    const double epochs =
        progress.epochs > 0 ? static_cast<double>(progress.epoch) / progress.epochs : 0.0;
    return std::clamp((progress.task + std::clamp(epochs, 0.0, 1.0)) / progress.tasks, 0.0, 1.0);
}

}  // namespace

RunView::RunView(const RunPlan& plan, std::vector<SlotPlace> places, Clock::time_point now)
    : plan_(plan),
      places_(std::move(places)),
      running_(places_.size()),
      estimates_(plan),
      started_(now) {
    snapshot_.units = plan.units.size();
    snapshot_.trials_done_before = plan.trials_done_before;
    snapshot_.trials = snapshot_.trials_done = plan.trials_done_before;
    for (const RunUnit& unit : plan.units) {
        snapshot_.trials += unit.trials;
    }
    for (const SlotPlace& place : places_) {
        SlotSnapshot slot;
        slot.name = place.name;
        snapshot_.slots.push_back(std::move(slot));
    }
}

void RunView::set_state(std::size_t slot, SlotSnapshot::State state) {
    snapshot_.slots[slot].state = state;
}

void RunView::note_start(std::size_t slot, std::size_t unit, Clock::time_point now) {
    running_[slot] = {unit, now};
    SlotSnapshot& shown = snapshot_.slots[slot];
    shown.state = SlotSnapshot::State::Busy;
    shown.label = plan_.units[unit].label;
    shown.kind = plan_.units[unit].kind;
    shown.progress = {};
}

void RunView::note_progress(std::size_t slot, const Progress& progress) {
    snapshot_.slots[slot].progress = progress;
}

void RunView::note_end(std::size_t slot, std::size_t unit) {
    if (!runs(slot, unit)) {
        return;
    }
    running_[slot].unit.reset();
    SlotSnapshot& shown = snapshot_.slots[slot];
    shown.label.clear();
    if (shown.state == SlotSnapshot::State::Busy) {
        shown.state = SlotSnapshot::State::Idle;
    }
}

void RunView::count_finished(std::size_t unit, double seconds) {
    estimates_.finished(unit, seconds);
    ++snapshot_.units_done;
    snapshot_.trials_done += plan_.units[unit].trials;
}

void RunView::count_failed(std::size_t unit) {
    ++snapshot_.units_failed;
    snapshot_.trials_failed += plan_.units[unit].trials;
    estimates_.failed(unit);
}

void RunView::count_revived(std::size_t unit) {
    --snapshot_.units_failed;
    snapshot_.trials_failed -= plan_.units[unit].trials;
    estimates_.revived(unit);
}

void RunView::set_stopping(StopLevel level) {
    snapshot_.stopping = level;
}

std::optional<std::vector<double>> RunView::refresh_estimates(Clock::time_point now) {
    return estimates_.refresh(seconds_between(started_, now));
}

RunSnapshot RunView::take(Clock::time_point now) const {
    RunSnapshot shown = snapshot_;
    shown.elapsed_s = seconds_between(started_, now);
    double running_done = 0.0;
    double running_for = 0.0;
    std::size_t live = 0;
    for (std::size_t index = 0; index < running_.size(); ++index) {
        live += shown.slots[index].state != SlotSnapshot::State::Gone ? 1 : 0;
        if (running_[index].unit) {
            const RunUnit& unit = plan_.units[*running_[index].unit];
            SlotSnapshot& slot = shown.slots[index];
            slot.unit_seconds = seconds_between(running_[index].since, now);
            ++shown.units_running;
            shown.trials_running += unit.trials;
            const double share = share_done(slot.progress);
            running_done += estimates_.expected(*running_[index].unit) * share;
            running_for += share > 0 ? slot.unit_seconds : 0.0;
        }
    }
    shown.cost_done = estimates_.done_s() + running_done;
    shown.cost_left = std::max(0.0, estimates_.left_s() - running_done);
    if (estimates_.observed() || running_done > 0) {
        shown.left = estimates_.forecast(running_done, live);
        // Before anything finished the pace of what runs corrects the plan's guess.
        const double pace = estimates_.observed() ? 1.0 : running_for / running_done;
        shown.left = {shown.left.seconds * pace, shown.left.low * pace, shown.left.high * pace};
    }
    return shown;
}

std::size_t RunView::units_running() const {
    return static_cast<std::size_t>(
        std::count_if(running_.begin(), running_.end(), [](const Running& running) {
            return running.unit.has_value();
        }));
}

std::optional<std::chrono::seconds> RunView::time_to_finish(Clock::time_point now) const {
    double longest = 0.0;
    for (std::size_t index = 0; index < running_.size(); ++index) {
        if (running_[index].unit) {
            const double share = share_done(snapshot_.slots[index].progress);
            if (share <= 0.0) {
                return std::nullopt;
            }
            const double elapsed = seconds_between(running_[index].since, now);
            longest = std::max(longest, elapsed * (1.0 - share) / share);
        }
    }
    return std::chrono::seconds(static_cast<long>(std::ceil(longest)));
}

}  // namespace harrow::coordinator
