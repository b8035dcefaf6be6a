#pragma once

#include <string>
#include <vector>

#include "sweeps/trial_config.hpp"

namespace harrow::analysis {

/// Names of ScoreConfig::aggregation.
const std::vector<std::string>& aggregation_modes();

/// One image score from raw patch scores [height, width], computed in double and rounded once.
/// NaN in a patch gives NaN. Throws sweeps::UsageError on an unknown mode and std::invalid_argument
/// on an empty map.
float image_score(const float* patches, int height, int width, const sweeps::ScoreConfig& config);

/// torch.quantile with linear interpolation: position q (n - 1) in float32, as the reference has
/// it. `values` is reordered. q in [0, 1], at least one value, no NaN.
float linear_quantile(std::vector<float>& values, double q);

}  // namespace harrow::analysis
