#include "coordinator/run_estimates.hpp"

#include <algorithm>
#include <cmath>

namespace harrow::coordinator {
namespace {

constexpr double kRefreshSeconds = 5.0;
constexpr double kMoved = 0.1;      // of an estimate
constexpr double kShortest = 1e-5;  // seconds; a unit costs a message at least

}  // namespace

RunEstimates::RunEstimates(const RunPlan& plan)
    : plan_(plan), ended_(plan.units.size()), units_left_(plan.units.size()) {
    expected_.reserve(plan.units.size());
    for (const RunUnit& unit : plan.units) {
        expected_.push_back(std::max(unit.expected_cost, kShortest));
        left_s_ += expected_.back();
        longest_s_ = std::max(longest_s_, expected_.back());
    }
    if (!plan.units.empty()) {
        typical_ = plan.units.back().size;
    }
}

void RunEstimates::end(std::size_t unit) {
    if (!ended_[unit]) {
        ended_[unit] = true;
        --units_left_;
        left_s_ -= expected_[unit];
        done_s_ += expected_[unit];
    }
}

void RunEstimates::finished(std::size_t unit, double seconds) {
    end(unit);
    typical_ = plan_.units[unit].size;
    model_.observe(
        typical_, plan_.units[unit].expected_cost, seconds > 0 ? std::max(seconds, kShortest) : 0);
}

void RunEstimates::failed(std::size_t unit) {
    end(unit);
}

void RunEstimates::revived(std::size_t unit) {
    if (ended_[unit]) {
        ended_[unit] = false;
        ++units_left_;
        left_s_ += expected_[unit];
        done_s_ -= expected_[unit];
    }
}

std::optional<std::vector<double>> RunEstimates::refresh(double now_s) {
    if (now_s - last_refresh_s_ < kRefreshSeconds || model_.observations() == observed_then_) {
        return std::nullopt;
    }
    last_refresh_s_ = now_s;
    observed_then_ = model_.observations();
    bool moved = false;
    done_s_ = left_s_ = longest_s_ = 0;
    for (std::size_t unit = 0; unit < expected_.size(); ++unit) {
        const double before = expected_[unit];
        double& now = expected_[unit];
        now = std::max(model_.expected(plan_.units[unit].size, plan_.units[unit].expected_cost),
                       kShortest);
        (ended_[unit] ? done_s_ : left_s_) += now;
        if (!ended_[unit]) {
            moved = moved || std::abs(now - before) > kMoved * before;
            longest_s_ = std::max(longest_s_, now);
        }
    }
    return moved ? std::optional(expected_) : std::nullopt;
}

Forecast RunEstimates::forecast(double running_done_s, std::size_t slots) const {
    return forecast_end(std::max(left_s_ - running_done_s, 0.0),
                        std::min(longest_s_, left_s_),
                        units_left_,
                        slots,
                        model_.unit_spread(),
                        model_.model_spread(typical_));
}

std::vector<SchedulerUnit> scheduler_units(const RunPlan& plan) {
    std::vector<SchedulerUnit> units;
    units.reserve(plan.units.size());
    for (const RunUnit& unit : plan.units) {
        units.push_back({unit.depends_on,
                         static_cast<std::uint32_t>(unit.attempts_before),
                         std::max(unit.expected_cost, kShortest),
                         unit.share_to_checkpoint,
                         unit.checkpoint_interval_s,
                         unit.seed_rank,
                         unit.inputs});
    }
    return units;
}

}  // namespace harrow::coordinator
