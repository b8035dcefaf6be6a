#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "cli/trial_requests.hpp"
#include "cli/work_units.hpp"
#include "coordinator/progress.hpp"
#include "coordinator/run_loop.hpp"
#include "storage/journal.hpp"

namespace harrow::cli {

/// Turns what happens in a run into journal records and into what the user sees.
class RunJournal : public coordinator::RunObserver {
public:
    /// All references must outlive this object. `written`: directories that workers write to.
    RunJournal(storage::Journal& journal,
               const storage::RunDirectory& directory,
               const WorkUnits& work,
               coordinator::ProgressDisplay& display,
               std::vector<std::filesystem::path> written,
               const coordinator::RunLimits& limits);

    void started(std::size_t unit, int attempt, const coordinator::SlotPlace& place) override;
    void checkpointed(const coordinator::Checkpointed& report) override;
    void resumed(const coordinator::Resumed& report) override;
    void finished(std::size_t unit,
                  int attempt,
                  const coordinator::SlotPlace& place,
                  const coordinator::WorkResult& result) override;
    void failed(const coordinator::UnitFailure& failure) override;
    void revived(std::size_t unit) override;
    void rank_lost(const coordinator::RankLost& lost) override;
    void worker_lost(const coordinator::SlotPlace& place,
                     const coordinator::ChildLost& lost) override;
    void slot_lost(const coordinator::SlotPlace& place, const std::string& reason) override;
    bool commit() override;
    void out_of_room(const std::string& message) override;
    bool has_room() override;
    void draining(const coordinator::DrainNotice& notice) override;
    void warning(const std::string& message) override;
    void tick(const coordinator::RunSnapshot& snapshot) override;

    /// That failed for good in this session; cancelled ones did not fail.
    std::size_t failed_trials() const;

    /// Rows of a cancelled trial are not recorded when its training finishes.
    void set_cancelled(const std::string& trial, bool cancelled);
    bool is_cancelled(const std::string& trial) const { return cancelled_.count(trial) > 0; }
    /// Whether the unit is still to be done or running.
    bool is_open(std::size_t unit) const;
    /// A unit that failed or was cancelled is to be done again. False: it did not, or it finished.
    bool reopen(std::size_t unit);
    /// How a trial of this session's unit stands, when it was not cancelled.
    TrialFate fate(std::size_t unit, const std::string& trial) const;
    /// Tells the user that somebody asked for something.
    void requested(const std::string& verb, std::size_t trials, const std::string& by);

    /// "time of all slots: 61.3 s (training 71 %, …)"; empty when nothing was finished.
    std::string time_text() const;

private:
    std::string label(std::size_t unit) const;
    /// What goes on while a disk is full, for how long.
    std::string pause_text() const;
    void record_trial_failures(std::size_t unit,
                               int attempt,
                               const coordinator::WorkResult& result);
    /// The failure that a unit inherits from what it depends on.
    std::string inherited_state(std::size_t unit) const;

    storage::Journal& journal_;
    const storage::RunDirectory& directory_;
    const WorkUnits& work_;
    coordinator::ProgressDisplay& display_;
    std::vector<std::filesystem::path> written_;
    const coordinator::RunLimits& limits_;
    bool journal_full_ = false;
    std::map<std::size_t, std::string> final_states_;  ///< of failed units
    std::set<std::size_t> finished_;                   ///< units
    std::set<std::string> failed_alone_;  ///< trials that could not be scored; their unit finished
    std::set<std::string> cancelled_;     ///< trials
    std::set<std::string> failed_with_unit_;  ///< trials; not retried by name since
    coordinator::WorkTimes times_;            ///< of all finished units
    double seconds_ = 0;
};

}  // namespace harrow::cli
