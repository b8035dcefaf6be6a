#pragma once

#include <string>
#include <vector>

#include "sweeps/spec.hpp"

namespace harrow::sweeps {

/// What the overrides give a value to: dotted names of parameters, `name`, `seeds`.
KeySet overridden_keys(const std::vector<std::string>& overrides);

/// Applies KEY=VALUE texts of the command line to a spec. `a.b=1` sets, and replaces a grid or zip
/// axis and a `set` of that name in every block; `a.b=1,2` makes it a grid axis of every block, or
/// of a new one; `a.b=[1,2]` is a list; `seeds=0..4` also replaces the blocks' own seeds; `name=x`.
/// What a case or an axis alternative sets keeps its value: it is what that cell is about. Relative
/// paths are taken from the working directory.
void apply_overrides(Spec& spec,
                     const std::vector<std::string>& overrides,
                     std::vector<Problem>& problems);

/// A parameter that cases or axis alternatives set in every point of the space is a problem: its
/// override would do nothing.
void check_effect(const Spec& spec, const KeySet& overridden, std::vector<Problem>& problems);

}  // namespace harrow::sweeps
