#pragma once

#include <vector>

#include "sweeps/space_expansion.hpp"
#include "sweeps/spec.hpp"

namespace harrow::sweeps {

/// A parameter that no method of the sweep owns is a mistake; one that only some own is dropped
/// where it is not theirs.
void check_owners(const Spec& spec,
                  const std::vector<ExpandedCell>& cells,
                  std::vector<Problem>& problems);

}  // namespace harrow::sweeps
