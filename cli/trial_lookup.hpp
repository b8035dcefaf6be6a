#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "storage/run_state.hpp"

namespace harrow::cli {

/// A trial of a run under its names.
struct TrialName {
    std::string id;    ///< "<cell hash>.s<seed>"
    std::string cell;  ///< the cell's hash
    std::string name;  ///< the cell's fixed name
    std::uint64_t seed = 0;
    std::vector<std::string> aliases;  ///< other names of the cell

    std::string title() const { return name + ".s" + std::to_string(seed); }
};

/// Every trial of the run, cells in the journal's order, then seeds.
std::vector<TrialName> trial_names(const storage::RunState& state);

/// The trial that `text` names: its id, "cell.s3" by any name of the cell or the first digits of
/// its hash (at least 4), else the only one whose id or title begins with `text`.
/// Throws UsageError: none (with the nearest name), or several (naming them).
TrialName find_trial(const std::vector<TrialName>& trials, const std::string& text);

/// As find_trial, but a name or hash of a cell stands for all its trials.
std::vector<TrialName> find_trials(const std::vector<TrialName>& trials, const std::string& text);

}  // namespace harrow::cli
