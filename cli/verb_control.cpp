// `harrow cancel` and `harrow retry`: through the inbox where a coordinator works, by themselves
// where none does.
#include <algorithm>
#include <chrono>
#include <iostream>
#include <map>
#include <set>
#include <thread>
#include <utility>

#include <pwd.h>
#include <unistd.h>

#include "cli/live_run.hpp"
#include "cli/own_results.hpp"
#include "cli/report_source.hpp"
#include "cli/run_files.hpp"
#include "cli/status_view.hpp"
#include "cli/terminal_text.hpp"
#include "cli/trial_lookup.hpp"
#include "cli/trial_requests.hpp"
#include "cli/verbs.hpp"
#include "coordinator/messages.hpp"
#include "slurm/quoting.hpp"
#include "storage/files.hpp"
#include "storage/run_directory.hpp"
#include "sweeps/parameters.hpp"

namespace harrow::cli {
namespace {

using Clock = std::chrono::steady_clock;
using coordinator::FailureKind;
using sweeps::ExitCode;

constexpr auto kLook = std::chrono::milliseconds(100);
constexpr auto kLookForCoordinator = std::chrono::seconds(1);
constexpr const char* kAnyFailure = "failed";

std::string who_asks() {
    const passwd* user = ::getpwuid(::geteuid());
    return (user != nullptr ? std::string(user->pw_name) : std::to_string(::geteuid())) + "@" +
           storage::host_name();
}

TrialFate fate_in(const storage::RunState& state, const std::string& trial) {
    if (state.finished.count(trial) > 0) {
        return TrialFate::Finished;
    }
    const auto failed = state.failed.find(trial);
    if (failed == state.failed.end()) {
        return TrialFate::Open;
    }
    return failed->second.state == coordinator::name_of(FailureKind::Cancelled)
               ? TrialFate::Cancelled
               : TrialFate::Failed;
}

/// Asks for one thing and says what became of it.
class Delivery {
public:
    Delivery(const std::string& dir, storage::InboxRequest request, double wait_s)
        : directory_(dir),
          inbox_(directory_.inbox_directory()),
          request_(std::move(request)),
          deadline_(Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                       std::chrono::duration<double>(wait_s))) {}

    ExitCode run(const std::vector<TrialName>& trials) {
        for (const TrialName& trial : trials) {
            titles_[trial.id] = trial.title();
        }
        Clock::time_point next_look = Clock::now();
        while (true) {
            if (Clock::now() >= next_look) {
                if (done_without_coordinator()) {
                    return ended_;
                }
                next_look = Clock::now() + kLookForCoordinator;
            }
            if (id_.empty()) {
                id_ = inbox_.post(request_);
            }
            if (const auto answer = inbox_.collect(id_)) {
                say(answer->lines);
                return answer->done ? ExitCode::Ok : ExitCode::Usage;
            }
            if (Clock::now() >= deadline_) {
                give_up();
            }
            std::this_thread::sleep_for(kLook);
        }
    }

private:
    /// Where nobody else works in the directory: the records, under its lock.
    bool done_without_coordinator() {
        if (coordinator_of(directory_).alive) {
            return false;
        }
        try {
            storage::Journal journal = storage::Journal::open(directory_.journal_file());
            if (!id_.empty() && !inbox_.withdraw(id_)) {
                if (const auto answer = inbox_.collect(id_)) {
                    say(answer->lines);
                    ended_ = answer->done ? ExitCode::Ok : ExitCode::Usage;
                    return true;
                }
            }
            const storage::RunState state = storage::replay(journal.replayed());
            const RequestEffect effect = effect_of(
                request_, [&](const std::string& trial) { return fate_in(state, trial); });
            append_effect(journal, request_, effect);
            journal.commit();
            say(effect.lines);
            if (!effect.trials.empty()) {
                after_change(journal.replayed(), effect.trials);
            }
            ended_ = effect.done ? ExitCode::Ok : ExitCode::Usage;
            return true;
        } catch (const sweeps::UsageError& held) {
            holder_ = held.what();
            return false;
        }
    }

    /// Under the lock, when the change is durable.
    void after_change(const std::vector<storage::JournalRecord>& before,
                      const std::vector<std::string>& trials) const {
        const storage::RunState now = storage::read_run_state(directory_.journal_file());
        if (request_.verb == kCancel) {
            remove_checkpoints_of_cancelled(directory_, before, now, trials);
        }
        const std::string dir = directory_.path().string();
        std::cout << "nobody works in " << dir
                  << (count_trials(now, false).to_do() > 0
                          ? ": harrow run --dir " + slurm::shell_word(dir) +
                                " goes on with what is left\n"
                          : ", and nothing is left to do\n");
    }

    /// Answers name trials by id; people know them by title.
    void say(const std::vector<std::string>& lines) const {
        for (const std::string& line : lines) {
            const auto title = titles_.find(line.substr(0, line.find(' ')));
            std::cout << printable(title == titles_.end()
                                       ? line
                                       : title->second + line.substr(line.find(' ')))
                      << "\n";
        }
    }

    [[noreturn]] void give_up() const {
        const bool untouched = inbox_.withdraw(id_);
        throw sweeps::Error(
            ExitCode::Infrastructure,
            std::string("the run in ") + directory_.path().string() + " did not answer in time; " +
                (untouched ? "nothing was changed. It may be starting or ending: try again, with a "
                             "longer --wait"
                           : "it took the request, which will be done with its next record. See "
                             "harrow status") +
                (holder_.empty() ? "" : "\n" + holder_));
    }

    storage::RunDirectory directory_;
    storage::Inbox inbox_;
    storage::InboxRequest request_;
    Clock::time_point deadline_;
    std::map<std::string, std::string> titles_;  ///< by trial id
    std::string id_;                             ///< of the request; empty: not posted yet
    std::string holder_;                         ///< who has the directory, in words
    ExitCode ended_ = ExitCode::Ok;
};

ExitCode deliver(const std::string& dir,
                 const std::string& verb,
                 const std::vector<TrialName>& trials,
                 double wait_s) {
    storage::InboxRequest request{"", verb, {}, who_asks(), utc_now()};
    for (const TrialName& trial : trials) {
        request.trials.push_back(trial.id);
    }
    return Delivery(dir, std::move(request), wait_s).run(trials);
}

/// Each trial once, in the order asked for.
std::vector<TrialName> chosen(const std::vector<TrialName>& all,
                              const std::vector<std::string>& texts) {
    std::vector<TrialName> result;
    std::set<std::string> seen;
    for (const std::string& text : texts) {
        for (TrialName& trial : find_trials(all, text)) {
            if (seen.insert(trial.id).second) {
                result.push_back(std::move(trial));
            }
        }
    }
    return result;
}

void require_known_states(const std::vector<std::string>& states) {
    std::vector<std::string> known = {kAnyFailure, "invalid_scores"};
    for (int kind = 0; kind <= static_cast<int>(FailureKind::Cancelled); ++kind) {
        known.emplace_back(coordinator::name_of(static_cast<FailureKind>(kind)));
    }
    for (const std::string& state : states) {
        if (std::find(known.begin(), known.end(), state) == known.end()) {
            throw sweeps::UsageError("--state: no trial can be '" + state + "'" +
                                     sweeps::suggestion(state, known));
        }
    }
}

bool is_wanted(const storage::RunState& state,
               const TrialName& trial,
               const std::vector<std::string>& states) {
    const auto failed = state.failed.find(trial.id);
    if (failed == state.failed.end()) {
        return false;
    }
    const std::string& own = failed->second.state;
    const auto has = [&](const std::string& wanted) {
        return std::find(states.begin(), states.end(), wanted) != states.end();
    };
    return has(own) || (has(kAnyFailure) && own != coordinator::name_of(FailureKind::Cancelled));
}

}  // namespace

ExitCode run_verb(const CancelOptions& options) {
    const storage::RunState state = read_run_state(options.dir);
    require_own_results(state, options.dir, "there is no work that could be cancelled");
    return deliver(
        options.dir, kCancel, chosen(trial_names(state), options.trials), options.wait_s);
}

ExitCode run_verb(const RetryOptions& options) {
    require_known_states(options.states);
    const storage::RunState state = read_run_state(options.dir);
    require_own_results(state, options.dir, "no trial of it can be run again");
    const std::vector<TrialName> all = trial_names(state);
    std::vector<TrialName> trials = options.trials.empty() ? all : chosen(all, options.trials);
    if (options.trials.empty() || !options.states.empty()) {
        const std::vector<std::string> states =
            options.states.empty() ? std::vector<std::string>{kAnyFailure} : options.states;
        trials.erase(
            std::remove_if(trials.begin(),
                           trials.end(),
                           [&](const TrialName& t) { return !is_wanted(state, t, states); }),
            trials.end());
    }
    if (trials.empty()) {
        std::cout << "nothing to retry: no such trial has failed\n";
        return ExitCode::Ok;
    }
    return deliver(options.dir, kRetry, trials, options.wait_s);
}

}  // namespace harrow::cli
