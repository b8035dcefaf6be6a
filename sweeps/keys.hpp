#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sweeps/hashing.hpp"
#include "sweeps/input_catalog.hpp"
#include "sweeps/trial_config.hpp"

namespace harrow::sweeps {

/// Names what one class and split become under a backbone. `weights_digest` is empty for a backbone
/// without weights.
Digest feature_key(const TrialConfig& config,
                   const Digest& weights_digest,
                   const Digest& images_digest);

/// Names what trials with equal training share. `feature_keys`: for each task, for each of its
/// classes, its views (feature_views). `device_kind`: "cpu" or "cuda",
/// because their sums differ.
Digest training_key(const TrialConfig& config,
                    const std::vector<std::vector<std::string>>& tasks,
                    const std::vector<Digest>& feature_keys,
                    std::uint64_t seed,
                    std::string_view device_kind);

/// Over images and labels of the classes used, independent of their order. Images of the data set's
/// own split `validation` count where `validation` uses it.
Digest data_digest(const std::vector<std::vector<std::string>>& tasks,
                   const DatasetFacts& facts,
                   const ValidationConfig& validation = {});

/// `weights_digest` as for feature_key; without one the id does not depend on weights at all.
Digest cell_id(const TrialConfig& config, const Digest& data, const Digest& weights_digest = {});

/// "<cell>.s<seed>"
std::string trial_id(const Digest& cell, std::uint64_t seed);

}  // namespace harrow::sweeps
