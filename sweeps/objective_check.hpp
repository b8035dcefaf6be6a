#pragma once

#include <vector>

#include "sweeps/space_expansion.hpp"
#include "sweeps/spec.hpp"

namespace harrow::sweeps {

/// An objective that some cell will not measure is a problem: a metric of images that are held out,
/// of the split `validation`, of maps, or one that has to be asked for.
void check_objective(const Spec& spec,
                     const std::vector<ExpandedCell>& cells,
                     std::vector<Problem>& problems);

}  // namespace harrow::sweeps
