#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "storage/journal_records.hpp"

namespace harrow::cli {

/// A sweep file with one trial of the cell alone: this build gives it the same id.
std::string trial_recipe(const storage::CellRecord& cell, std::uint64_t seed);

/// A sweep file with the cell alone, under its name, on these seeds.
std::string cell_recipe(const storage::CellRecord& cell,
                        const std::string& sweep_name,
                        const std::vector<std::uint64_t>& seeds);

}  // namespace harrow::cli
