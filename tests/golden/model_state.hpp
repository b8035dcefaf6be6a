#pragma once

#include <string>

#include "sweeps/trial_config.hpp"
#include "tests/support/golden_file.hpp"
#include "worker/method.hpp"

namespace harrow::tests {

/// Options of a whole model, as the shapes and names of its state group say.
sweeps::ModelConfig config_of_model(const GoldenFile& file, const std::string& state);

/// Of features [B,H,W,D] stored at `path`.
worker::FeatureGeometry geometry_of(const GoldenFile& file, const std::string& path);

}  // namespace harrow::tests
