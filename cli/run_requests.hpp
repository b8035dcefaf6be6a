#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "cli/run_journal.hpp"
#include "cli/trial_requests.hpp"
#include "cli/work_units.hpp"
#include "coordinator/run_loop.hpp"
#include "storage/inbox.hpp"
#include "storage/journal.hpp"
#include "storage/run_state.hpp"
#include "sweeps/work_plan.hpp"

namespace harrow::cli {

/// What a session cannot tell by its own work.
struct TrialsBefore {
    const sweeps::WorkPlan& plan;                        ///< every trial of the sweep
    std::map<std::string, storage::FailedTrial> failed;  ///< by trial, when the session began
};

/// What others ask of a session while it runs: takes requests from the inbox, records them and
/// tells the run loop which units they touch. An answer leaves once its record is durable.
class RunRequests {
public:
    /// All references, that to the plan in `before` too, must outlive this object.
    RunRequests(const storage::RunDirectory& directory,
                storage::Journal& journal,
                const WorkUnits& work,
                TrialsBefore before,
                RunJournal& observer);

    /// Never throws because of what lies in the inbox; a folder that cannot be used is a warning.
    std::vector<coordinator::RunRequest> poll();

private:
    TrialFate fate(const std::string& trial) const;
    TrialFate fate_before(const std::string& trial) const;
    std::vector<coordinator::RunRequest> handle(const storage::InboxRequest& request);
    /// `asked`: units that the run loop is told of.
    void cancel(std::size_t unit, std::set<std::size_t>& asked) const;
    /// False: only a later session can run it.
    bool retry(const std::string& trial, std::set<std::size_t>& asked);
    void answer_what_is_durable();

    /// Of a trial that no unit of this session serves.
    void forget_checkpoints(const std::string& trial) const;

    const storage::RunDirectory& directory_;
    storage::Inbox inbox_;
    storage::Journal& journal_;
    const WorkUnits& work_;
    TrialsBefore before_;
    RunJournal& observer_;
    std::map<std::string, std::size_t> unit_of_;  ///< by trial; of this session's trainings
    /// Index in before_.plan.trials by id, a view into it.
    std::unordered_map<std::string_view, std::size_t> planned_;
    std::vector<std::pair<std::string, storage::InboxAnswer>> answers_;
    bool warned_ = false;
};

}  // namespace harrow::cli
