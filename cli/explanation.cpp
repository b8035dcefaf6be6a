#include "cli/explanation.hpp"

#include <algorithm>
#include <map>
#include <sstream>
#include <utility>

#include "cli/quantities.hpp"
#include "cli/terminal_text.hpp"
#include "coordinator/child_process.hpp"
#include "coordinator/messages.hpp"
#include "coordinator/progress.hpp"
#include "slurm/quoting.hpp"

namespace harrow::cli {
namespace {

using coordinator::FailureKind;
using Lines = std::vector<std::string>;
using slurm::shell_word;

constexpr std::size_t kShownStderrLines = 20;
constexpr std::size_t kShownBusySlots = 4;

const storage::RunningUnit* running_unit(const storage::RunState& state, const std::string& key) {
    const auto found = state.running.find(key);
    return found == state.running.end() ? nullptr : &found->second;
}

std::string short_key(const std::string& key) {
    return key.substr(0, 8);
}

void add_text(Lines& lines, const std::string& indent, const std::string& text) {
    std::istringstream parts(text);
    for (std::string part; std::getline(parts, part);) {
        lines.push_back(indent + part);
    }
}

/// "crashed: killed by SIGSEGV (attempt 2, signal SIGSEGV, peak memory 1.2 GiB)".
std::string failure_text(const storage::FailedRecord& failed) {
    std::string text = failed.state + ": " + failed.message.substr(0, failed.message.find('\n'));
    if (failed.signal != 0) {
        text += "; signal " + coordinator::signal_name(failed.signal);
    } else if (failed.exit_code != 0) {
        text += "; exit code " + std::to_string(failed.exit_code);
    }
    if (failed.peak_rss_bytes > 0) {
        text += "; peak memory " + size_text(static_cast<std::uint64_t>(failed.peak_rss_bytes));
    }
    return text;
}

void add_failure(Lines& lines, const storage::FailedRecord& failed) {
    const std::size_t end = failed.message.find('\n');
    if (end != std::string::npos) {
        add_text(lines, "      ", failed.message.substr(end + 1));
    }
    if (failed.stderr_tail.empty()) {
        return;
    }
    Lines tail;
    add_text(tail, "      | ", failed.stderr_tail);
    if (tail.size() > kShownStderrLines) {
        tail.erase(tail.begin(), tail.end() - kShownStderrLines);
        lines.push_back("      its last words (harrow logs shows more):");
    } else {
        lines.push_back("      its last words:");
    }
    lines.insert(lines.end(), tail.begin(), tail.end());
}

std::string attempt_text(const AttemptStory& attempt) {
    std::string text = "attempt " + std::to_string(attempt.attempt) + " on " + attempt.slot;
    if (!attempt.started.empty()) {
        text += ", " + attempt.started;
    }
    if (attempt.resumed) {
        text +=
            ", from its checkpoint " + position_text(attempt.resumed->task, attempt.resumed->epoch);
    }
    switch (attempt.end) {
        case AttemptStory::End::Open:
            return text + ": open";
        case AttemptStory::End::Done:
            return text + ": done" +
                   (attempt.seconds > 0 ? " in " + coordinator::duration_text(attempt.seconds)
                                        : "");
        case AttemptStory::End::Interrupted:
            return text + ": interrupted with its session" +
                   (attempt.checkpoint ? ", checkpoint " + position_text(attempt.checkpoint->task,
                                                                         attempt.checkpoint->epoch)
                                       : "");
        case AttemptStory::End::Failed:
            return text + ": " + failure_text(*attempt.failure);
    }
    return text;
}

void add_history(Lines& lines, const TrialStory& story, bool alive) {
    if (!story.training_key.empty()) {
        lines.push_back("  training " + short_key(story.training_key) +
                        (story.label.empty() ? "" : " (" + story.label + ")") +
                        (story.attempts.empty() ? ": no attempt yet" : ""));
    }
    for (AttemptStory attempt : story.attempts) {
        if (attempt.end == AttemptStory::End::Open && !alive) {
            attempt.end = AttemptStory::End::Interrupted;  // its session left no last word
        }
        lines.push_back("    " + attempt_text(attempt));
        if (attempt.failure) {
            add_failure(lines, *attempt.failure);
        }
    }
    for (const storage::FailedRecord& failed : story.other_failures) {
        lines.push_back("    " + failure_text(failed));
        add_failure(lines, failed);
    }
}

std::string no_coordinator_text(const storage::RunState& state) {
    if (state.sessions.empty()) {
        return "the run has not begun";
    }
    const storage::SessionState& last = state.sessions.back();
    if (!last.end) {
        return "nobody works in the run directory: the last session (" + last.start.host +
               ", pid " + std::to_string(last.start.pid) + ") ended without a word";
    }
    return "nobody works in the run directory: the last session ended at " + last.end->time + " (" +
           last.end->outcome + (last.end->reason.empty() ? "" : ": " + last.end->reason) + ")";
}

/// What stands between the trial and its training, one line each.
void add_missing_features(Lines& lines, const storage::RunState& state, const ExplainFacts& facts) {
    for (const NeededFeatures& need : facts.needs) {
        if (need.stored) {
            continue;
        }
        const storage::RunningUnit* unit = running_unit(state, need.key);
        std::string how = "waits for a slot";
        if (unit != nullptr && facts.status.coordinator.alive) {
            how =
                "runs on " + unit->slot +
                (unit->started.empty() ? ""
                                       : ", started " + age_text(unit->started, facts.status.now));
        } else if (state.failed_attempts.count(need.key) > 0) {
            how = "failed before: " + state.failed_attempts.at(need.key).back().message;
        }
        lines.push_back("    extraction of " + need.label + ": " + how);
    }
}

std::string busy_text(const storage::RunState& state) {
    std::string text;
    std::size_t shown = 0;
    for (const auto& [key, unit] : state.running) {
        if (shown++ == kShownBusySlots) {
            return text + ", …";
        }
        text += (text.empty() ? "" : ", ") + (unit.label.empty() ? short_key(key) : unit.label) +
                " on " + unit.slot;
    }
    return text;
}

void explain_waiting(Lines& lines, const storage::RunState& state, const ExplainFacts& facts) {
    if (!facts.status.coordinator.alive) {
        lines.push_back("  why: " + no_coordinator_text(state));
        lines.push_back("  next: harrow run --dir " + shell_word(facts.status.dir));
        return;
    }
    const auto missing = std::count_if(facts.needs.begin(),
                                       facts.needs.end(),
                                       [](const NeededFeatures& need) { return !need.stored; });
    if (!facts.needs_problem.empty()) {
        lines.push_back(
            "  why: a slot is awaited; which features it needs cannot be told from "
            "here: " +
            facts.needs_problem);
    } else if (missing > 0) {
        lines.push_back("  why: " + std::to_string(missing) + " of the " +
                        std::to_string(facts.needs.size()) +
                        " feature files that its training reads are not there yet");
        add_missing_features(lines, state, facts);
    } else {
        lines.push_back("  why: its features are there; it waits for a free slot");
    }
    const std::string busy = busy_text(state);
    lines.push_back("  running now: " + (busy.empty() ? "nothing yet" : busy));
    lines.push_back("  next: nothing; it comes by itself");
}

void explain_running(Lines& lines, const storage::RunState& state, const ExplainFacts& facts) {
    const storage::RunningUnit& unit = *running_unit(state, facts.story.training_key);
    std::string where =
        "  on " + unit.slot + " (" + unit.host + "), attempt " + std::to_string(unit.attempt);
    if (!unit.started.empty()) {
        where += ", started " + age_text(unit.started, facts.status.now);
    }
    lines.push_back(where);
    lines.push_back(
        unit.checkpoint
            ? "  last checkpoint: " + position_text(unit.checkpoint->task, unit.checkpoint->epoch) +
                  ", " + age_text(unit.checkpoint->time, facts.status.now)
            : "  no checkpoint yet");
    lines.push_back("  next: harrow logs " + shell_word(facts.status.dir) + " " +
                    shell_word(facts.trial.title()) + " --follow");
}

void explain_finished(Lines& lines, const ExplainFacts& facts) {
    const std::vector<AttemptStory>& attempts = facts.story.attempts;
    const auto done = std::find_if(attempts.rbegin(), attempts.rend(), [](const AttemptStory& a) {
        return a.end == AttemptStory::End::Done && a.seconds > 0;
    });
    std::string text = "  " + std::to_string(facts.story.rows) + " rows";
    if (done != attempts.rend()) {
        text += ", trained in " + coordinator::duration_text(done->seconds);
    }
    text +=
        ", " + std::to_string(attempts.size()) + (attempts.size() == 1 ? " attempt" : " attempts");
    lines.push_back(text);
    lines.push_back("  next: harrow report " + shell_word(facts.status.dir) +
                    (facts.has_scores ? ", harrow show " + shell_word(facts.status.dir) + " " +
                                            shell_word(facts.trial.name) + " --out strips.png"
                                      : ""));
}

void explain_failed(Lines& lines, const storage::RunState& state, const ExplainFacts& facts) {
    const storage::FailedTrial& failed = state.failed.at(facts.trial.id);
    add_text(lines, "  ", failed.state + ": " + failed.message);
    lines.push_back("  next: " + advice(failed.state, facts.status.dir, facts.trial.title()));
}

}  // namespace

TrialCondition condition_of(const storage::RunState& state, const ExplainFacts& facts) {
    const std::string& id = facts.trial.id;
    if (state.finished.count(id) > 0) {
        return TrialCondition::Finished;
    }
    const auto failed = state.failed.find(id);
    if (failed != state.failed.end()) {
        return failed->second.state == coordinator::name_of(FailureKind::Cancelled)
                   ? TrialCondition::Cancelled
                   : TrialCondition::Failed;
    }
    return facts.status.coordinator.alive &&
                   running_unit(state, facts.story.training_key) != nullptr
               ? TrialCondition::Running
               : TrialCondition::Waiting;
}

std::string advice(const std::string& state, const std::string& dir, const std::string& trial) {
    const std::string retry = "harrow retry " + shell_word(dir) + " " + shell_word(trial);
    static const std::map<std::string_view, std::string> causes = {
        {coordinator::name_of(FailureKind::BadData),
         "put back the file that is named as it was when the run began, then "},
        {coordinator::name_of(FailureKind::Diverged),
         "it would end the same way: choose other parameters (a smaller train.lr, say) as a cell "
         "of "
         "their own; if you think the machine erred, "},
        {coordinator::name_of(FailureKind::OutOfMemory),
         "give it more memory (fewer slots per GPU, a smaller batch as a cell of its own), then "},
        {coordinator::name_of(FailureKind::Crashed),
         "read its last words (harrow logs); once the cause is gone, "},
        {coordinator::name_of(FailureKind::Cancelled), "to bring it back, "},
        {coordinator::name_of(FailureKind::Internal),
         "a defect of Harrow: please report it with the message; to try again, "}};
    if (coordinator::is_infrastructure_failure(state)) {
        return "not the trial's fault: harrow run --dir " + shell_word(dir) + " tries it again";
    }
    const auto cause = causes.find(state);
    // A mended image is another one: the ids of the cells that read it change.
    const bool is_data = state == coordinator::name_of(FailureKind::BadData);
    return (cause == causes.end() ? "once the cause is gone, " : cause->second) + retry +
           (is_data ? "; if it was broken from the start, mend it and run the sweep in a new --dir "
                      "(features of the other classes are cached)"
                    : "");
}

std::vector<std::string> explain(const storage::RunState& state, const ExplainFacts& facts) {
    static const std::map<TrialCondition, std::string> words = {
        {TrialCondition::Finished, "finished"},
        {TrialCondition::Failed, "failed"},
        {TrialCondition::Cancelled, "cancelled"},
        {TrialCondition::Running, "running"},
        {TrialCondition::Waiting, "waiting"}};
    const TrialCondition condition = condition_of(state, facts);
    Lines lines = {facts.trial.title() + " is " + words.at(condition) + "  (" + facts.trial.id +
                   ")"};
    switch (condition) {
        case TrialCondition::Finished:
            explain_finished(lines, facts);
            break;
        case TrialCondition::Failed:
        case TrialCondition::Cancelled:
            explain_failed(lines, state, facts);
            break;
        case TrialCondition::Running:
            explain_running(lines, state, facts);
            break;
        case TrialCondition::Waiting:
            explain_waiting(lines, state, facts);
            break;
    }
    add_history(lines, facts.story, facts.status.coordinator.alive);
    std::transform(lines.begin(), lines.end(), lines.begin(), [](const std::string& line) {
        return printable(line);
    });
    return lines;
}

}  // namespace harrow::cli
