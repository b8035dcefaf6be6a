#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "storage/run_state.hpp"

namespace harrow::cli {

/// Who works in the run directory.
struct Coordinator {
    bool alive = false;
    std::string host, since;  ///< as the lock says; empty: it does not
    std::int64_t pid = 0;
};

/// All that `harrow status` shows, put together from the journal and the directory.
struct StatusFacts {
    std::string dir;
    Coordinator coordinator;
    std::string verdict;   ///< first line of DIR/status: "75 running"; empty: none
    std::int64_t now = 0;  ///< seconds since 1970, UTC
};

struct TrialCounts {
    std::size_t total = 0, finished = 0, failed = 0, cancelled = 0;
    std::size_t running = 0;  ///< of those to do
    std::size_t to_do() const { return total - finished - failed - cancelled; }
};
/// `alive`: somebody works in the directory; else nothing runs, whatever the journal's last words.
TrialCounts count_trials(const storage::RunState& state, bool alive);

/// Seconds until the last trial ends if the rest goes as what this session finished, and has begun;
/// missing before the first, and when nobody works.
std::optional<double> expected_seconds(const storage::RunState& state, const StatusFacts& facts);

/// Lines for people, without line ends and without anything that steers a terminal.
std::vector<std::string> status_lines(const storage::RunState& state, const StatusFacts& facts);
/// One line that changes only when something happens.
std::string status_summary(const storage::RunState& state, const StatusFacts& facts);
/// The same for programs, one object; keys: docs/file-formats.md.
nlohmann::ordered_json status_json(const storage::RunState& state, const StatusFacts& facts);

/// Seconds since 1970 of "2026-01-02T03:04:05Z"; missing for anything else.
std::optional<std::int64_t> seconds_of(const std::string& utc);
/// "3 min 07 s ago", or the time itself where it cannot be told.
std::string age_text(const std::string& utc, std::int64_t now);
/// "task 2, epoch 10", counted from 1 as people do: what was done last. `task` and `epoch`: what
/// comes next, from 0.
std::string position_text(int task, int epoch);

}  // namespace harrow::cli
