#pragma once

#include <string>
#include <vector>

#include "sweeps/spec.hpp"

namespace harrow::sweeps {

/// A name of a cell, and where it comes from.
struct CellName {
    std::string text;
    std::string label;       ///< empty: none
    bool is_chosen = false;  ///< a named case gave it
    Place place;
};

/// A cell before its data is known. Settings are owned by the Spec.
struct ExpandedCell {
    TrialConfig config;
    std::vector<CellName> names;
    std::vector<std::string> tags;
    std::vector<std::uint64_t> seeds;
    std::vector<const Setting*> settings;  ///< as applied after the base, by the first point
};

/// Products of the blocks minus what they exclude, equal configurations merged, in the order of the
/// file: cases outermost, then axes, zip and grid, whose last parameter changes fastest. Empty
/// products and more than 100,000 points are problems.
std::vector<ExpandedCell> expand_space(const Spec& spec, std::vector<Problem>& problems);

/// Adds what `from` has and `to` has not.
void merge_cell(ExpandedCell& to, const ExpandedCell& from);

/// One name for two configurations is a problem.
void check_names(const std::vector<ExpandedCell>& cells, std::vector<Problem>& problems);

/// Where the cell's value of a parameter was written; nothing when it is the default.
const Setting* find_setting(const Spec& spec, const ExpandedCell& cell, std::string_view parameter);

}  // namespace harrow::sweeps
