#pragma once

#include <string>
#include <vector>

#include "sweeps/input_catalog.hpp"
#include "sweeps/space_expansion.hpp"

namespace harrow::sweeps {

/// Classes per task of every cell, in the order of `cells`. Appends what the data does not allow:
/// problems of the dataset itself, unknown classes, an order that does not fit, a first task larger
/// than the number of classes, a task with fewer training images than a batch,
/// values per class that do not fit together.
std::vector<std::vector<std::vector<std::string>>> arrange_data(
    const Spec& spec,
    const std::vector<ExpandedCell>& cells,
    InputCatalog& catalog,
    std::vector<Problem>& problems);

}  // namespace harrow::sweeps
