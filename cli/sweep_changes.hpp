#pragma once

#include <string>
#include <vector>

#include "storage/journal_records.hpp"
#include "storage/run_state.hpp"

namespace harrow::cli {

/// How a sweep differs from the one a run directory holds, trial by trial. Pure.
struct SweepChanges {
    std::vector<std::string> added;    ///< cells or seeds that are new
    std::vector<std::string> dropped;  ///< unfinished work that the new sweep no longer wants
    std::vector<std::string> changed;  ///< cells of one name but another content, and what differs
    bool description = false;          ///< same trials, but text, names, objective or paths differ

    bool same_trials() const { return added.empty() && dropped.empty() && changed.empty(); }
    /// One line each: "+ …", "- …", "~ …".
    std::string text() const;
};

/// `held`: what the journal proves; it must hold a sweep. `wanted`: the sweep as it is now.
SweepChanges compare_sweeps(const storage::RunState& held, const storage::SweepRecord& wanted);

}  // namespace harrow::cli
