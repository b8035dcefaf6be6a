#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "storage/journal_records.hpp"

namespace harrow::cli {

/// A sweep file with one trial of the cell alone: this build gives it the same id.
std::string trial_recipe(const storage::CellRecord& cell, std::uint64_t seed);

/// A sweep file with the cell alone, under its name and tags, on these seeds, with this objective;
/// with `compare` where the cell is its baseline, the only one that such a sweep has.
std::string cell_recipe(const storage::CellRecord& cell,
                        const std::string& sweep_name,
                        const sweeps::Objective& objective,
                        const std::optional<sweeps::Compare>& compare,
                        const std::vector<std::uint64_t>& seeds);

}  // namespace harrow::cli
