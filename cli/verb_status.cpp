#include <iostream>
#include <map>

#include <nlohmann/json.hpp>

#include "cli/report_source.hpp"
#include "cli/slurm_status.hpp"
#include "cli/verbs.hpp"
#include "storage/directory_lock.hpp"
#include "storage/run_directory.hpp"
#include "sweeps/keys.hpp"

namespace harrow::cli {
namespace {

using Json = nlohmann::ordered_json;

struct TrialCounts {
    std::size_t total = 0;
    std::size_t finished = 0;
    std::size_t failed = 0;
    std::size_t pending() const { return total - finished - failed; }
};

TrialCounts count_trials(const storage::RunState& state) {
    TrialCounts counts;
    for (const storage::CellRecord& cell : state.cells) {
        for (std::uint64_t seed : cell.seeds) {
            const std::string trial = sweeps::trial_id(cell.id, seed);
            ++counts.total;
            counts.finished += state.finished.count(trial);
            counts.failed += state.failed.count(trial);
        }
    }
    return counts;
}

/// How the last session ended, or whether it still goes on: its lock ends with its process.
std::string session_text(const storage::RunState& state, const std::string& dir) {
    if (state.sessions.empty()) {
        return "not started";
    }
    const storage::SessionState& last = state.sessions.back();
    if (last.end) {
        return last.end->outcome + " at " + last.end->time;
    }
    const std::string where =
        last.start.host + ", pid " + std::to_string(last.start.pid) + ", since " + last.start.time;
    return storage::DirectoryLock::is_held(storage::RunDirectory(dir).lock_file())
               ? "running on " + where
               : "ended without a word (" + where + "); `harrow run --dir " + dir + "` resumes";
}

/// Cell and seed of every trial id.
std::map<std::string, std::string> trial_titles(const storage::RunState& state) {
    std::map<std::string, std::string> titles;
    for (const storage::CellRecord& cell : state.cells) {
        for (std::uint64_t seed : cell.seeds) {
            titles[sweeps::trial_id(cell.id, seed)] = cell.name + " seed " + std::to_string(seed);
        }
    }
    return titles;
}

/// First line only: a crashed worker's message carries its standard error.
std::string first_line(const std::string& text) {
    return text.substr(0, text.find('\n'));
}

Json status_json(const storage::RunState& state, const std::string& dir) {
    const TrialCounts counts = count_trials(state);
    Json failures = Json::array();
    for (const auto& [trial, failure] : state.failed) {
        failures.push_back(
            {{"trial", trial}, {"state", failure.state}, {"message", failure.message}});
    }
    Json running = Json::array();
    for (const auto& [key, unit] : state.running) {
        running.push_back(
            {{"key", key}, {"attempt", unit.attempt}, {"slot", unit.slot}, {"host", unit.host}});
    }
    return {{"name", state.sweep->name},
            {"cells", state.cells.size()},
            {"trials",
             {{"total", counts.total},
              {"finished", counts.finished},
              {"failed", counts.failed},
              {"pending", counts.pending()}}},
            {"trainings", state.total.trainings},
            {"extractions", state.total.extractions},
            {"session", session_text(state, dir)},
            {"running", std::move(running)},
            {"failures", std::move(failures)},
            {"slurm", slurm_status_json(dir)}};
}

void print_status(const storage::RunState& state, const std::string& dir) {
    const TrialCounts counts = count_trials(state);
    std::cout << state.sweep->name << ": " << counts.finished << " of " << counts.total
              << " trials finished, " << counts.failed << " failed, " << counts.pending()
              << " to do\n"
              << state.total.trainings << " trainings, " << state.total.extractions
              << " extractions, " << state.sessions.size()
              << (state.sessions.size() == 1 ? " session" : " sessions")
              << "; last: " << session_text(state, dir) << "\n";
    for (const auto& [key, unit] : state.running) {
        std::cout << "  " << unit.slot << ": " << key.substr(0, 8) << " attempt " << unit.attempt
                  << "\n";
    }
    std::map<std::string, std::vector<std::string>> trials_by_reason;
    const std::map<std::string, std::string> titles = trial_titles(state);
    for (const auto& [trial, failure] : state.failed) {
        const auto title = titles.find(trial);
        trials_by_reason[failure.state + ": " + first_line(failure.message)].push_back(
            title == titles.end() ? trial : title->second);
    }
    for (const auto& [reason, trials] : trials_by_reason) {
        std::cout << "  failed: " << reason << "\n";
        for (const std::string& trial : trials) {
            std::cout << "    " << trial << "\n";
        }
    }
}

}  // namespace

sweeps::ExitCode run_verb(const StatusOptions& options) {
    if (only_submitted(options.dir)) {
        std::cout << (options.json
                          ? Json({{"slurm", slurm_status_json(options.dir)}}).dump(2) + "\n"
                          : slurm_status_text(options.dir));
        return sweeps::ExitCode::Ok;
    }
    const storage::RunState state = read_run_state(options.dir);
    if (options.json) {
        std::cout << status_json(state, options.dir).dump(2) << "\n";
    } else {
        print_status(state, options.dir);
        std::cout << slurm_status_text(options.dir);
    }
    return sweeps::ExitCode::Ok;
}

}  // namespace harrow::cli
