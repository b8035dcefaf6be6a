#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <iostream>

#include <stdlib.h>

#include "build_info.hpp"
#include "cli/live_run.hpp"
#include "cli/own_results.hpp"
#include "cli/replay_comparison.hpp"
#include "cli/replayed_trial.hpp"
#include "cli/run_session.hpp"
#include "cli/run_slots.hpp"
#include "cli/terminal_text.hpp"
#include "cli/trial_lookup.hpp"
#include "cli/trial_recipe.hpp"
#include "cli/trial_story.hpp"
#include "cli/verbs.hpp"
#include "coordinator/device_slots.hpp"
#include "coordinator/launch_environment.hpp"
#include "slurm/quoting.hpp"
#include "storage/files.hpp"

namespace harrow::cli {
namespace {

namespace fs = std::filesystem;
using slurm::shell_word;
using sweeps::ExitCode;

constexpr std::size_t kShownDifferences = 10;

/// A folder of our own below $TMPDIR, removed at the end.
class Workplace {
public:
    Workplace() {
        std::error_code error;
        const fs::path base = fs::temp_directory_path(error);
        std::string pattern = (base / "harrow-replay-XXXXXX").string();
        if (error || ::mkdtemp(pattern.data()) == nullptr) {
            throw sweeps::StorageError(
                storage::io_error_text("make a folder in", base, error ? error.value() : errno));
        }
        path_ = pattern;
    }
    ~Workplace() {
        std::error_code ignored;
        fs::remove_all(path_, ignored);
    }
    Workplace(const Workplace&) = delete;
    Workplace& operator=(const Workplace&) = delete;
    const fs::path& path() const { return path_; }

private:
    fs::path path_;
};

/// The session whose training gave the stored rows; a blank one where none is known.
storage::SessionStartRecord original_session(const TrialStory& story) {
    const auto done = std::find_if(
        story.attempts.rbegin(), story.attempts.rend(), [](const AttemptStory& attempt) {
            return attempt.end == AttemptStory::End::Done;
        });
    return done == story.attempts.rend() ? storage::SessionStartRecord{} : done->session;
}

/// " --device cpu --threads 2": what decides on the last digits.
std::string how_text(const storage::SessionStartRecord& session) {
    return " --device " + session.device +
           (session.threads > 1 ? " --threads " + std::to_string(session.threads) : "");
}

/// What may explain a difference; empty lines are none.
std::vector<std::string> changes_since(const storage::SessionStartRecord& session,
                                       const coordinator::SlotSpec& slot) {
    std::vector<std::string> changes;
    const std::string device(coordinator::device_kind({slot}));
    if (session.device != device) {
        changes.push_back("it was trained on " + session.device + ", the replay on " + device +
                          ": their sums differ (--device " + session.device + ")");
    }
    if (!session.build.empty() && session.build != build_id()) {
        changes.push_back("it was trained by build " + session.build + ", this is " + build_id());
    }
    if (session.threads > 0 && session.threads != slot.threads) {
        changes.push_back("it was trained with " + std::to_string(session.threads) +
                          " threads per slot, the replay with " + std::to_string(slot.threads) +
                          ": rows depend on it (--threads " + std::to_string(session.threads) +
                          ")");
    }
    return changes;
}

void print_recipe(const std::string& dir,
                  const TrialName& trial,
                  const TrialStory& story,
                  const storage::CellRecord& cell) {
    const storage::SessionStartRecord session = original_session(story);
    const std::string title = printable(trial.title());
    std::cout << "# " << title << " of " << printable(dir) << ": trial " << trial.id
              << (story.training_key.empty() ? "" : ", training " + story.training_key) << "\n";
    if (!session.host.empty()) {
        std::cout << "# trained on " << printable(session.host) << " (" << session.device << ", "
                  << (session.threads > 0 ? std::to_string(session.threads) : "?")
                  << " threads per slot)"
                  << (session.build.empty() ? "" : " by build " + printable(session.build)) << "\n";
    }
    if (!cell.weights_digest.empty()) {
        std::cout << "# weights: SHA-256 " << cell.weights_digest << "\n";
    }
    std::cout << "# train it again and compare: harrow replay " << printable(shell_word(dir)) << " "
              << printable(shell_word(trial.title())) << " --verify" << how_text(session)
              << "\n# as a sweep of its own: save this as one.yaml, harrow run one.yaml --dir NEW"
              << how_text(session) << "\n";
    std::cout << trial_recipe(cell, trial.seed);
}

/// "patch scores are equal, too"; what differs goes to `problems`.
std::string compare_scores(const fs::path& stored,
                           const fs::path& replayed,
                           std::vector<std::string>& problems) {
    std::error_code error;
    if (!fs::exists(stored, error)) {
        return "its patch scores are not stored any more, so they were not compared";
    }
    const auto byte = first_different_byte(stored, replayed);
    if (!byte) {
        return "its patch scores are equal, too";
    }
    problems.push_back("patch scores differ from byte " + std::to_string(*byte) + " on (" +
                       stored.string() + ")");
    return "";
}

ExitCode verify(const ReplayOptions& options,
                const LiveRun& run,
                const TrialName& trial,
                const TrialStory& story) {
    const auto stored = run.state().finished.find(trial.id);
    if (stored == run.state().finished.end()) {
        throw sweeps::UsageError(trial.title() +
                                 " is not finished: there is nothing to compare with; harrow "
                                 "explain " +
                                 options.dir + " " + trial.title() + " says why");
    }
    RunOptions how = options.how;
    how.slots = 1;
    const RunSlots slots =
        choose_slots(how, coordinator::launch_environment(), this_machine(worker_program()));
    const std::vector<std::string> changes =
        changes_since(original_session(story), slots.slots.front());
    for (const std::string& change : changes) {
        std::cerr << "note: " << printable(change) << "\n";
    }
    const Workplace workplace;
    ReplayedTrial replayed =
        replay_trial(run.state(), trial.id, slots.slots.front(), how, workplace.path());
    if (leave_out_unmeasured("aupro", stored->second.rows, replayed.result.rows)) {
        std::cerr << "note: the Harrow that made the stored rows did not measure aupro; its rows "
                     "are not compared\n";
    }
    const std::vector<RowDifference> rows = compare_rows(stored->second.rows, replayed.result.rows);
    std::vector<std::string> problems;
    const std::string scores =
        compare_scores(run.directory().scores_file(story.training_key), replayed.scores, problems);
    if (rows.empty() && problems.empty()) {
        std::cout << printable(trial.title()) << ": all " << stored->second.rows.size()
                  << " rows are equal to the last bit; " << scores << "\n";
        return ExitCode::Ok;
    }
    std::cout << printable(trial.title()) << ": " << rows.size() << " of "
              << stored->second.rows.size() << " rows differ\n";
    for (std::size_t index = 0; index < std::min(rows.size(), kShownDifferences); ++index) {
        problems.push_back(to_string(rows[index]));
    }
    for (const std::string& problem : problems) {
        std::cout << "  " << printable(problem) << "\n";
    }
    if (rows.size() > kShownDifferences) {
        std::cout << "  and " << rows.size() - kShownDifferences << " more\n";
    }
    return ExitCode::TrialsFailed;
}

}  // namespace

ExitCode run_verb(const ReplayOptions& options) {
    const LiveRun run(options.dir, LiveRun::Records::Keep);
    require_own_results(run.state(), options.dir, "how its trials were trained is not known");
    const TrialName trial = find_trial(trial_names(run.state()), options.trial);
    const TrialStory story = trial_story(run.records(), trial.id);
    if (options.verify) {
        return verify(options, run, trial, story);
    }
    const std::vector<storage::CellRecord>& cells = run.state().cells;
    const auto cell = std::find_if(
        cells.begin(), cells.end(), [&](const auto& known) { return known.id == trial.cell; });
    print_recipe(options.dir, trial, story, *cell);
    return ExitCode::Ok;
}

}  // namespace harrow::cli
