#pragma once

#include <vector>

#include "sweeps/input_catalog.hpp"
#include "sweeps/space_expansion.hpp"

namespace harrow::sweeps {

/// Appends what is wrong with the weights files that the cells name: none given although the
/// backbone needs one, missing, unreadable, not for this backbone. Each file once.
void check_weights(const Spec& spec,
                   const std::vector<ExpandedCell>& cells,
                   InputCatalog& catalog,
                   std::vector<Problem>& problems);

/// Digest of the file the backbone reads; empty when it needs none.
Digest weights_digest(const BackboneConfig& backbone, InputCatalog& catalog);

}  // namespace harrow::sweeps
