#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "storage/journal_records.hpp"
#include "storage/run_state.hpp"

namespace harrow::cli {

/// Key of the training whose patch scores a trial's rows came from; nothing before it finished.
/// `state` must have been read with its units.
std::optional<std::string> training_of(const storage::RunState& state,
                                       const storage::CellRecord& cell,
                                       std::uint64_t seed);

/// That of the cell's first seed. Throws sweeps::UsageError while it is not finished.
std::string first_training_of(const storage::RunState& state, const storage::CellRecord& cell);

}  // namespace harrow::cli
