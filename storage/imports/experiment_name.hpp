#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace harrow::storage {

/// What the name of an experiment's folder says.
struct ExperimentName {
    std::string cell;  ///< without the seed; empty when nothing else is there
    std::optional<std::uint64_t> seed;
    std::string problem;  ///< empty: none
};

/// `main_seed42`, `main-seed_42`, `main_s42`, `seed42`: a cell and its seed. Others have no seed.
ExperimentName parse_experiment_name(const std::string& folder);

}  // namespace harrow::storage
