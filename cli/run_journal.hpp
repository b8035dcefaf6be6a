#pragma once

#include <map>
#include <string>

#include "cli/work_units.hpp"
#include "coordinator/progress.hpp"
#include "coordinator/run_loop.hpp"
#include "storage/journal.hpp"

namespace harrow::cli {

/// Turns what happens in a run into journal records and into what the user sees.
class RunJournal : public coordinator::RunObserver {
public:
    /// All three must outlive this object.
    RunJournal(storage::Journal& journal,
               const WorkUnits& work,
               coordinator::ProgressDisplay& display);

    void started(std::size_t unit, int attempt, const coordinator::SlotPlace& place) override;
    void checkpointed(const coordinator::Checkpointed& report) override;
    void resumed(const coordinator::Resumed& report) override;
    void finished(std::size_t unit,
                  int attempt,
                  const coordinator::SlotPlace& place,
                  const coordinator::WorkResult& result) override;
    void failed(const coordinator::UnitFailure& failure) override;
    void rank_lost(const coordinator::RankLost& lost) override;
    bool commit() override;
    void warning(const std::string& message) override;
    void tick(const coordinator::RunSnapshot& snapshot) override;

    std::size_t failed_trials() const { return failed_trials_; }
    /// "time of all slots: 61.3 s (training 71 %, …)"; empty when nothing was finished.
    std::string time_text() const;

private:
    std::string label(std::size_t unit) const;
    void record_trial_failures(std::size_t unit,
                               int attempt,
                               const coordinator::WorkResult& result);
    /// The failure that a unit inherits from what it depends on.
    std::string inherited_state(std::size_t unit) const;

    storage::Journal& journal_;
    const WorkUnits& work_;
    coordinator::ProgressDisplay& display_;
    std::map<std::size_t, std::string> final_states_;  ///< of failed units
    std::size_t failed_trials_ = 0;
    coordinator::WorkTimes times_;  ///< of all finished units
    double seconds_ = 0;
};

}  // namespace harrow::cli
