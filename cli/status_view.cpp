#include "cli/status_view.hpp"

#include <algorithm>
#include <ctime>
#include <utility>

#include <nlohmann/json.hpp>

#include "cli/terminal_text.hpp"
#include "coordinator/messages.hpp"
#include "coordinator/progress.hpp"
#include "slurm/quoting.hpp"
#include "sweeps/keys.hpp"

namespace harrow::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kShownKeyDigits = 8;
constexpr std::size_t kShownTrials = 20;  ///< per reason of failure
constexpr double kMostUnderWay = 0.95;    ///< of a training that takes longer than the others

/// First line only: a crashed worker's message may carry its standard error.
std::string first_line(const std::string& text) {
    return text.substr(0, text.find('\n'));
}

bool is_cancelled(const storage::FailedTrial& failure) {
    return failure.state == coordinator::name_of(coordinator::FailureKind::Cancelled);
}

std::string kind_text(storage::UnitKind kind) {
    return kind == storage::UnitKind::Extraction ? "extraction" : "training";
}

/// "5 trainings", "1 session".
std::string counted(std::size_t count, const std::string& noun) {
    return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

std::string counts_text(const TrialCounts& counts) {
    std::string text = std::to_string(counts.finished) + " of " + counted(counts.total, "trial") +
                       " finished, " + std::to_string(counts.failed) + " failed, ";
    if (counts.cancelled > 0) {
        text += std::to_string(counts.cancelled) + " cancelled, ";
    }
    if (counts.running > 0) {
        text += std::to_string(counts.running) + " running, ";
    }
    return text + std::to_string(counts.to_do() - counts.running) + " to do";
}

std::string coordinator_text(const storage::RunState& state, const StatusFacts& facts) {
    const Coordinator& who = facts.coordinator;
    if (who.alive) {
        return who.host.empty() ? "running"
                                : "running on " + who.host + ", pid " + std::to_string(who.pid) +
                                      ", since " + who.since;
    }
    if (state.sweep->imported) {
        return "results made elsewhere, imported from " + state.sweep->file;
    }
    if (state.sessions.empty()) {
        return "not started; `harrow run --dir " + slurm::shell_word(facts.dir) + "` starts it";
    }
    const storage::SessionState& last = state.sessions.back();
    const std::string resume = "`harrow run --dir " + slurm::shell_word(facts.dir) + "` resumes";
    if (!last.end) {
        return "ended without a word (" + last.start.host + ", pid " +
               std::to_string(last.start.pid) + ", since " + last.start.time + "); " + resume;
    }
    const std::string reason = last.end->reason.empty() ? "" : " (" + last.end->reason + ")";
    return last.end->outcome + " at " + last.end->time + reason +
           (count_trials(state, facts.coordinator.alive).to_do() > 0 ? "; " + resume : "");
}

std::string running_line(const std::string& key,
                         const storage::RunningUnit& unit,
                         std::int64_t now) {
    std::string line = "  " + unit.slot + "  " +
                       (unit.label.empty() ? key.substr(0, kShownKeyDigits) : unit.label);
    if (unit.kind == storage::UnitKind::Extraction) {
        line += "  extraction";
    }
    if (unit.attempt > 1) {
        line += "  attempt " + std::to_string(unit.attempt);
    }
    if (!unit.started.empty()) {
        line += "  started " + age_text(unit.started, now);
    }
    if (unit.checkpoint) {
        line += "  checkpoint " + position_text(unit.checkpoint->task, unit.checkpoint->epoch) +
                " " + age_text(unit.checkpoint->time, now);
    }
    return line;
}

/// Titles of trials by what they failed of, the most frequent reasons being equal to all others.
std::map<std::string, std::vector<std::string>> failures_by_reason(const storage::RunState& state) {
    std::map<std::string, std::string> titles;
    for (const storage::CellRecord& cell : state.cells) {
        for (const std::uint64_t seed : cell.seeds) {
            titles[sweeps::trial_id(cell.id, seed)] = cell.name + ".s" + std::to_string(seed);
        }
    }
    std::map<std::string, std::vector<std::string>> reasons;
    for (const auto& [trial, failure] : state.failed) {
        const auto title = titles.find(trial);
        const std::string reason =
            is_cancelled(failure) ? first_line(failure.message)
                                  : "failed: " + failure.state + ": " + first_line(failure.message);
        reasons[reason].push_back(title == titles.end() ? trial : title->second);
    }
    return reasons;
}

void add_failures(const storage::RunState& state, std::vector<std::string>& lines) {
    for (const auto& [reason, trials] : failures_by_reason(state)) {
        lines.push_back("  " + reason);
        for (std::size_t index = 0; index < std::min(trials.size(), kShownTrials); ++index) {
            lines.push_back("    " + trials[index]);
        }
        if (trials.size() > kShownTrials) {
            lines.push_back("    and " + std::to_string(trials.size() - kShownTrials) + " more");
        }
    }
}

/// Of the last session; missing before the first.
const storage::SessionState* last_session(const storage::RunState& state) {
    return state.sessions.empty() ? nullptr : &state.sessions.back();
}

/// "rank 2 (node3): silent for 30 s", "slot node1/0: …"
std::vector<std::string> losses(const storage::RunState& state) {
    std::vector<std::string> texts;
    if (const storage::SessionState* session = last_session(state)) {
        for (const storage::LostRankRecord& lost : session->lost_ranks) {
            texts.push_back("rank " + std::to_string(lost.rank) + " (" + lost.host +
                            "): " + first_line(lost.reason));
        }
        for (const storage::LostSlotRecord& lost : session->lost_slots) {
            texts.push_back("slot " + lost.slot + ": " + first_line(lost.reason));
        }
    }
    return texts;
}

Json lost_ranks_json(const storage::RunState& state) {
    Json lost = Json::array();
    if (const storage::SessionState* session = last_session(state)) {
        for (const storage::LostRankRecord& rank : session->lost_ranks) {
            lost.push_back({{"rank", rank.rank},
                            {"host", rank.host},
                            {"reason", rank.reason},
                            {"time", rank.time}});
        }
    }
    return lost;
}

Json lost_slots_json(const storage::RunState& state) {
    Json lost = Json::array();
    if (const storage::SessionState* session = last_session(state)) {
        for (const storage::LostSlotRecord& slot : session->lost_slots) {
            lost.push_back({{"slot", slot.slot},
                            {"host", slot.host},
                            {"reason", slot.reason},
                            {"time", slot.time}});
        }
    }
    return lost;
}

Json checkpoint_json(const storage::RunningUnit& unit) {
    if (!unit.checkpoint) {
        return nullptr;
    }
    return {{"task", unit.checkpoint->task},
            {"epoch", unit.checkpoint->epoch},
            {"time", unit.checkpoint->time}};
}

Json running_json(const storage::RunState& state, std::int64_t now) {
    Json running = Json::array();
    for (const auto& [key, unit] : state.running) {
        const auto started = seconds_of(unit.started);
        running.push_back({{"key", key},
                           {"kind", kind_text(unit.kind)},
                           {"label", unit.label},
                           {"trials", unit.trials},
                           {"attempt", unit.attempt},
                           {"slot", unit.slot},
                           {"host", unit.host},
                           {"started", unit.started},
                           {"age_s", started ? Json(now - *started) : Json()},
                           {"checkpoint", checkpoint_json(unit)}});
    }
    return running;
}

Json verdict_json(const std::string& verdict) {
    const std::size_t space = verdict.find(' ');
    if (space == std::string::npos || verdict.find_first_not_of("0123456789") != space ||
        space > 4) {
        return nullptr;
    }
    return {{"code", std::stoi(verdict.substr(0, space))}, {"word", verdict.substr(space + 1)}};
}

Json failures_json(const storage::RunState& state) {
    Json failures = Json::array();
    for (const auto& [trial, failure] : state.failed) {
        failures.push_back(
            {{"trial", trial}, {"state", failure.state}, {"message", failure.message}});
    }
    return failures;
}

Json failures_by_state_json(const storage::RunState& state) {
    std::map<std::string, int> counts;
    for (const auto& [trial, failure] : state.failed) {
        ++counts[failure.state];
    }
    return counts;
}

/// Trials that the unit will end.
std::size_t open_trials(const storage::RunState& state, const storage::RunningUnit& unit) {
    return static_cast<std::size_t>(
        std::count_if(unit.trials.begin(), unit.trials.end(), [&](const std::string& trial) {
            return state.finished.count(trial) + state.failed.count(trial) == 0;
        }));
}

/// How many trials' worth of work is in the trainings under way, by the mean of those that ended.
double trials_under_way(const storage::RunState& state, std::int64_t now) {
    double seconds = 0;
    std::size_t ended = 0;
    for (const std::string& key : state.trained) {
        const auto took = state.seconds.find(key);
        if (took != state.seconds.end()) {
            seconds += took->second;
            ++ended;
        }
    }
    double trials = 0;
    for (const auto& [key, unit] : state.running) {
        const auto started = seconds_of(unit.started);
        if (unit.kind == storage::UnitKind::Training && started && seconds > 0) {
            const double share =
                static_cast<double>(now - *started) * static_cast<double>(ended) / seconds;
            trials += std::clamp(share, 0.0, kMostUnderWay) *
                      static_cast<double>(open_trials(state, unit));
        }
    }
    return trials;
}

Json coordinator_json(const Coordinator& who) {
    return {{"alive", who.alive}, {"host", who.host}, {"pid", who.pid}, {"since", who.since}};
}

}  // namespace

TrialCounts count_trials(const storage::RunState& state, bool alive) {
    TrialCounts counts;
    for (const storage::CellRecord& cell : state.cells) {
        for (const std::uint64_t seed : cell.seeds) {
            const std::string trial = sweeps::trial_id(cell.id, seed);
            ++counts.total;
            counts.finished += state.finished.count(trial);
            const auto failed = state.failed.find(trial);
            if (failed != state.failed.end()) {
                ++(is_cancelled(failed->second) ? counts.cancelled : counts.failed);
            }
        }
    }
    if (alive) {
        for (const auto& [key, unit] : state.running) {
            counts.running += open_trials(state, unit);
        }
    }
    counts.running = std::min(counts.running, counts.to_do());
    return counts;
}

std::optional<double> expected_seconds(const storage::RunState& state, const StatusFacts& facts) {
    const std::int64_t done = state.last_session().trials;
    const std::size_t left = count_trials(state, facts.coordinator.alive).to_do();
    if (!facts.coordinator.alive || state.sessions.empty() || done <= 0 || left == 0) {
        return std::nullopt;
    }
    const std::int64_t since = seconds_of(state.sessions.back().start.time).value_or(facts.now);
    if (facts.now <= since) {
        return std::nullopt;
    }
    const double credit =
        std::min(trials_under_way(state, facts.now), kMostUnderWay * static_cast<double>(left));
    return static_cast<double>(facts.now - since) * (static_cast<double>(left) - credit) /
           (static_cast<double>(done) + credit);
}

std::vector<std::string> status_lines(const storage::RunState& state, const StatusFacts& facts) {
    const auto eta = expected_seconds(state, facts);
    std::vector<std::string> lines = {
        state.sweep->name + ": " + counts_text(count_trials(state, facts.coordinator.alive)) +
            (eta ? ", ETA about " + coordinator::duration_text(*eta) : ""),
        state.sweep->imported ? coordinator_text(state, facts)
                              : std::to_string(state.total.trainings) + " trainings, " +
                                    std::to_string(state.total.extractions) + " extractions, " +
                                    counted(state.sessions.size(), "session") +
                                    "; last: " + coordinator_text(state, facts)};
    if (!facts.verdict.empty()) {
        lines.push_back("exit code and verdict: " + facts.verdict);
    }
    if (facts.coordinator.alive) {
        for (const auto& [key, unit] : state.running) {
            lines.push_back(running_line(key, unit, facts.now));
        }
    }
    for (const std::string& lost : losses(state)) {
        lines.push_back("  lost: " + lost);
    }
    add_failures(state, lines);
    std::transform(lines.begin(), lines.end(), lines.begin(), [](const std::string& line) {
        return printable(line);
    });
    return lines;
}

std::string status_summary(const storage::RunState& state, const StatusFacts& facts) {
    std::string text =
        state.sweep->name + ": " + counts_text(count_trials(state, facts.coordinator.alive));
    for (const std::string& lost : losses(state)) {
        text += "; lost: " + lost;
    }
    return printable(text + "; " + coordinator_text(state, facts));
}

nlohmann::ordered_json status_json(const storage::RunState& state, const StatusFacts& facts) {
    const TrialCounts counts = count_trials(state, facts.coordinator.alive);
    const auto eta = expected_seconds(state, facts);
    return {{"name", state.sweep->name},
            {"cells", state.cells.size()},
            {"trials",
             {{"total", counts.total},
              {"finished", counts.finished},
              {"failed", counts.failed},
              {"cancelled", counts.cancelled},
              {"running", counts.running},
              {"pending", counts.to_do()}}},
            {"trainings", state.total.trainings},
            {"extractions", state.total.extractions},
            {"sessions", state.sessions.size()},
            {"session", coordinator_text(state, facts)},
            {"coordinator", coordinator_json(facts.coordinator)},
            {"verdict", verdict_json(facts.verdict)},
            {"eta_s", eta ? Json(*eta) : Json()},
            {"running", facts.coordinator.alive ? running_json(state, facts.now) : Json::array()},
            {"lost_ranks", lost_ranks_json(state)},
            {"lost_slots", lost_slots_json(state)},
            {"failures_by_state", failures_by_state_json(state)},
            {"failures", failures_json(state)}};
}

std::optional<std::int64_t> seconds_of(const std::string& utc) {
    std::tm parts = {};
    const char* end = ::strptime(utc.c_str(), "%Y-%m-%dT%H:%M:%SZ", &parts);
    return end == nullptr || *end != '\0' ? std::nullopt
                                          : std::optional<std::int64_t>(::timegm(&parts));
}

std::string age_text(const std::string& utc, std::int64_t now) {
    const auto then = seconds_of(utc);
    return !then || *then > now + 5 ? utc
                                    : coordinator::duration_text(static_cast<double>(
                                          std::max<std::int64_t>(0, now - *then))) +
                                          " ago";
}

std::string position_text(int task, int epoch) {
    return epoch == 0 && task > 0
               ? "after task " + std::to_string(task)
               : "task " + std::to_string(task + 1) + ", epoch " + std::to_string(epoch);
}

}  // namespace harrow::cli
