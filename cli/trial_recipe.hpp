#pragma once

#include <cstdint>
#include <string>

#include "storage/journal_records.hpp"

namespace harrow::cli {

/// A sweep file with one trial of the cell alone: this build gives it the same id.
std::string trial_recipe(const storage::CellRecord& cell, std::uint64_t seed);

}  // namespace harrow::cli
