#include <algorithm>
#include <chrono>
#include <deque>
#include <fstream>
#include <iostream>
#include <sstream>
#include <thread>

#include "cli/explanation.hpp"
#include "cli/live_run.hpp"
#include "cli/own_results.hpp"
#include "cli/terminal_text.hpp"
#include "cli/trial_lookup.hpp"
#include "cli/trial_story.hpp"
#include "cli/verbs.hpp"
#include "slurm/quoting.hpp"

namespace harrow::cli {
namespace {

using slurm::shell_word;

constexpr auto kLook = std::chrono::milliseconds(500);

/// The last `lines` lines; 0: all.
std::string last_lines(const std::string& text, int lines) {
    std::deque<std::string> kept;
    std::istringstream parts(text);
    for (std::string part; std::getline(parts, part);) {
        kept.push_back(std::move(part));
        if (lines > 0 && kept.size() > static_cast<std::size_t>(lines)) {
            kept.pop_front();
        }
    }
    std::string result;
    for (const std::string& line : kept) {
        result += line + "\n";
    }
    return result;
}

/// A training's log as it grows.
class LogTail {
public:
    explicit LogTail(std::filesystem::path file) : file_(std::move(file)) {}

    /// What was added since the last call; nothing while there is no file.
    std::string read_new() {
        std::ifstream stream(file_, std::ios::binary);
        if (!stream) {
            return "";
        }
        stream.seekg(0, std::ios::end);
        const std::streamoff end = stream.tellg();
        offset_ = end < offset_ ? 0 : offset_;
        std::string text(static_cast<std::size_t>(end - offset_), '\0');
        stream.seekg(offset_);
        stream.read(text.data(), static_cast<std::streamsize>(text.size()));
        text.resize(static_cast<std::size_t>(std::max<std::streamsize>(stream.gcount(), 0)));
        offset_ += static_cast<std::streamoff>(text.size());
        return text;
    }

private:
    std::filesystem::path file_;
    std::streamoff offset_ = 0;
};

void print_last_words(const storage::FailedRecord& failed, int lines) {
    if (!failed.stderr_tail.empty()) {
        std::cout << "---- last words of attempt " << failed.attempt << " ("
                  << printable(failed.message.substr(0, failed.message.find('\n'))) << ")\n"
                  << printable_lines(last_lines(failed.stderr_tail, lines));
    }
}

void print_last_words(const TrialStory& story, int lines) {
    for (const AttemptStory& attempt : story.attempts) {
        if (attempt.failure) {
            print_last_words(*attempt.failure, lines);
        }
    }
    for (const storage::FailedRecord& failed : story.other_failures) {
        print_last_words(failed, lines);
    }
}

bool has_ended(const LiveRun& run, const ExplainFacts& facts) {
    const TrialCondition condition = condition_of(run.state(), facts);
    return condition != TrialCondition::Running && condition != TrialCondition::Waiting;
}

std::filesystem::path log_of(const LiveRun& run, const std::string& key) {
    return storage::training_log_file(run.directory().training_directory(key));
}

/// Waits for the training to begin, where need be, and goes on until it ends or nobody works.
TrialStory follow(LiveRun& run, ExplainFacts& facts, int lines) {
    std::optional<LogTail> tail;
    while (true) {
        facts.status = run.facts();  // before the log: what it says last is then there
        run.update();
        facts.story = trial_story(run.records(), facts.trial.id);
        const bool ended = has_ended(run, facts) || !facts.status.coordinator.alive;
        if (!facts.story.training_key.empty()) {
            const bool first = !tail;
            if (first) {
                tail.emplace(log_of(run, facts.story.training_key));
            }
            const std::string news = tail->read_new();
            std::cout << printable_lines(first ? last_lines(news, lines) : news) << std::flush;
        }
        if (ended || !std::cout) {
            return facts.story;
        }
        std::this_thread::sleep_for(kLook);
    }
}

/// Empty where there is one.
std::string why_no_log(const LiveRun& run, const ExplainFacts& facts) {
    const std::string& key = facts.story.training_key;
    std::error_code ignored;
    if (!key.empty() && std::filesystem::exists(log_of(run, key), ignored)) {
        return "";
    }
    const std::vector<storage::CellRecord>& cells = run.state().cells;
    const auto cell = std::find_if(cells.begin(), cells.end(), [&](const auto& known) {
        return known.id == facts.trial.cell;
    });
    if (cell != cells.end() && cell->data_root.empty()) {
        return "a method that looks at no image writes none";
    }
    if (key.empty()) {
        return "it was not tried yet";
    }
    return facts.story.attempts.empty() ? "its training never began"
                                        : "its training was not begun, or the file was removed";
}

}  // namespace

sweeps::ExitCode run_verb(const LogsOptions& options) {
    LiveRun run(options.dir, LiveRun::Records::Keep);
    require_own_results(run.state(), options.dir, "its trials left no logs");
    ExplainFacts facts;
    facts.trial = find_trial(trial_names(run.state()), options.trial);
    facts.story = trial_story(run.records(), facts.trial.id);
    if (options.follow) {
        facts.story = follow(run, facts, options.lines);
    } else if (!facts.story.training_key.empty()) {
        std::cout << printable_lines(
            last_lines(LogTail(log_of(run, facts.story.training_key)).read_new(), options.lines));
    }
    print_last_words(facts.story, options.lines);
    if (const std::string why = why_no_log(run, facts); !why.empty()) {
        std::cerr << printable(facts.trial.title()) << ": there is no log: " << why
                  << "; harrow explain " << printable(shell_word(options.dir)) << " "
                  << printable(shell_word(facts.trial.title())) << " says more\n";
    }
    return sweeps::ExitCode::Ok;
}

}  // namespace harrow::cli
