#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "coordinator/cost_model.hpp"
#include "coordinator/run_loop.hpp"
#include "coordinator/scheduler_events.hpp"

namespace harrow::coordinator {

/// What is expected of the units of one run, from the plan's estimates and what units took so far.
class RunEstimates {
public:
    /// `plan` must outlive this object.
    explicit RunEstimates(const RunPlan& plan);

    /// Expected seconds of a unit, as of the last refresh.
    double expected(std::size_t unit) const { return expected_[unit]; }
    /// Whether a unit has finished: until then expected() is the plan's guess.
    bool observed() const { return model_.observations() > 0; }
    double done_s() const { return done_s_; }  ///< of units that ended
    double left_s() const { return left_s_; }  ///< of units that have not

    void finished(std::size_t unit, double seconds);
    void failed(std::size_t unit);
    void revived(std::size_t unit);

    /// New expected seconds by unit when `now_s` (of any steady clock) is at least 5 s after the
    /// last refresh and some estimate moved by more than a tenth; O(units).
    std::optional<std::vector<double>> refresh(double now_s);

    /// Until everything has ended, `running_done_s` of left_s() being done already.
    Forecast forecast(double running_done_s, std::size_t slots) const;

private:
    void end(std::size_t unit);

    const RunPlan& plan_;
    CostModel model_;
    std::vector<double> expected_;
    std::vector<bool> ended_;
    std::size_t units_left_ = 0;
    double done_s_ = 0, left_s_ = 0, longest_s_ = 0;
    double last_refresh_s_ = 0;
    std::size_t observed_then_ = 0;
    WorkSize typical_;  ///< the size of the unit that ended last
};

/// The plan as the scheduler sees it, with the plan's own estimates.
std::vector<SchedulerUnit> scheduler_units(const RunPlan& plan);

}  // namespace harrow::coordinator
