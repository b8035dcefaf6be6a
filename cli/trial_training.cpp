#include "cli/trial_training.hpp"

#include "sweeps/error.hpp"
#include "sweeps/keys.hpp"

namespace harrow::cli {

std::optional<std::string> training_of(const storage::RunState& state,
                                       const storage::CellRecord& cell,
                                       std::uint64_t seed) {
    const auto found = state.trainings.find(sweeps::trial_id(cell.id, seed));
    return found == state.trainings.end() ? std::nullopt : std::optional(found->second);
}

std::string first_training_of(const storage::RunState& state, const storage::CellRecord& cell) {
    const std::uint64_t seed = cell.seeds.front();
    const std::optional<std::string> key = training_of(state, cell, seed);
    if (!key) {
        throw sweeps::UsageError("cell '" + cell.name + "' has no finished trial for seed " +
                                 std::to_string(seed) + " yet; see harrow status");
    }
    return *key;
}

}  // namespace harrow::cli
